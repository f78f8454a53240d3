import { z } from 'zod'

/** The address of an API server as kubefed and Shipper take it: host, host:port, IP, IP:port or a URL; `''` is none. */
export const endpoint = z
  .string()
  .refine((text) => text === '' || endpointUrl(text) !== undefined, 'expected a host, host:port or https://… address')

/** The URL of an address that passed `endpoint`; https where it names no scheme, for a token goes there. */
export function endpointUrl(text: string): string | undefined {
  if (text === '') return undefined
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const isBareIpv6 = !hasScheme && /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)
  const url = hasScheme ? text : `https://${isBareIpv6 ? `[${text}]` : text}`
  if (/\s/.test(url) || !URL.canParse(url)) return undefined
  return /^https?:$/.test(new URL(url).protocol) ? url : undefined
}

/** The address of a proxy; `''` is none. */
export const proxyAddress = z
  .string()
  .regex(/^((https?|socks5?):\/\/[^\s/]+\/?)?$/, 'expected an address such as http://proxy:3128 or socks5://proxy:1080')

/** Certificates as kubefed keeps them: PEM in base64. */
export const caBundle = z.string().regex(/^[A-Za-z0-9+/=\s]*$/, 'expected PEM certificates in base64')
