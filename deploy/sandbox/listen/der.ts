/** DER, the encoding of X.509 certificates (ITU-T X.690): tag, length, content. */
export type Der = Buffer

function element(tag: number, content: Buffer): Der {
  const { length } = content
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 255)
  return Buffer.concat([Buffer.from([tag, 128 | bytes.length, ...bytes]), content])
}

/** SEQUENCE. */
export function sequence(...parts: readonly Der[]): Der {
  return element(0x30, Buffer.concat(parts))
}

/** SET. */
export function set(...parts: readonly Der[]): Der {
  return element(0x31, Buffer.concat(parts))
}

/** INTEGER from the bytes of a number that is not negative. */
export function integer(bytes: Buffer): Der {
  return element(0x02, (bytes[0] ?? 0) >= 128 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

/** BOOLEAN true; false is never written, as it is the default wherever certificates use it. */
export function yes(): Der {
  return element(0x01, Buffer.from([255]))
}

/** OCTET STRING. */
export function octets(content: Buffer): Der {
  return element(0x04, content)
}

/** BIT STRING; `unused` bits at its end do not count. */
export function bits(content: Buffer, unused = 0): Der {
  return element(0x03, Buffer.concat([Buffer.from([unused]), content]))
}

/** UTF8String. */
export function utf8(text: string): Der {
  return element(0x0c, Buffer.from(text))
}

/** UTCTime, whole seconds; for years before 2050. */
export function time(date: Date): Der {
  const text = date.toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return element(0x17, Buffer.from(`${text}Z`))
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 127]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 127) | 128)
  return bytes
}

/** A context-specific tag: `constructed` wraps other elements, else it holds plain bytes. */
export function tagged(tag: number, content: Buffer, constructed: boolean): Der {
  return element((constructed ? 0xa0 : 0x80) | tag, content)
}
