import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'

/** What one server of charts is told, and how it is trusted. It counts for this very server and no other. */
export interface ChartCredential {
  /** Scheme, host and port: `https://charts.example.com`. */
  readonly origin: string
  readonly user: { readonly name: string; readonly password: string } | undefined
  /** Authorities in PEM that are trusted instead of the machine's own. */
  readonly ca: string | undefined
  /** The server that gives tokens for this registry, where it is another one; it is sent user and password, too. */
  readonly tokenServer: string | undefined
}

/** Finds the credential for an address, or undefined where there is none for its server. */
export type FindCredential = (url: URL) => ChartCredential | undefined

/** Finds credentials by origin. */
export function credentialFinder(credentials: readonly ChartCredential[]): FindCredential {
  const byOrigin = new Map(credentials.map((credential) => [credential.origin, credential]))
  return (url) => byOrigin.get(url.origin)
}

const entrySchema = z
  .strictObject({
    server: z.string().min(1),
    username: z.string().min(1).optional(),
    passwordFile: z.string().min(1).optional(),
    passwordEnv: z.string().min(1).optional(),
    caFile: z.string().min(1).optional(),
    tokenServer: z.string().min(1).optional(),
  })
  .refine((entry) => !(entry.passwordFile && entry.passwordEnv), 'passwordFile and passwordEnv contradict each other')
  .refine(
    (entry) => (entry.username === undefined) === ((entry.passwordFile ?? entry.passwordEnv) === undefined),
    'expected both or none of username and passwordFile (or passwordEnv)',
  )

const fileSchema = z.array(entrySchema)

/**
 * Reads the file that says which server of charts gets which credential, a YAML list. What is secret stands in files and
 * variables that it names, never in itself. Rejects with an error that names the file and what is wrong in it, never a secret.
 */
export async function readChartCredentials(path: string, env: NodeJS.ProcessEnv): Promise<readonly ChartCredential[]> {
  const read = parseYaml(await readFile(path, 'utf8'))
  if (read.type === 'broken') {
    const [first] = read.problems
    throw new Error(`${path}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.text ?? 'no YAML'}`)
  }
  const parsed = fileSchema.safeParse(read.documents[0]?.value ?? [])
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`)
  return Promise.all(
    parsed.data.map(async (entry, i) => {
      const where = `${path}: [${i}]`
      return {
        origin: originOf(entry.server, `${where}.server`),
        user:
          entry.username === undefined
            ? undefined
            : { name: entry.username, password: await passwordOf(entry, env, where) },
        ca: entry.caFile === undefined ? undefined : await readFile(entry.caFile, 'utf8'),
        tokenServer: entry.tokenServer === undefined ? undefined : originOf(entry.tokenServer, `${where}.tokenServer`),
      }
    }),
  )
}

async function passwordOf(
  { passwordFile, passwordEnv }: z.infer<typeof entrySchema>,
  env: NodeJS.ProcessEnv,
  where: string,
): Promise<string> {
  if (passwordFile !== undefined) return (await readFile(passwordFile, 'utf8')).trim()
  const password = passwordEnv === undefined ? undefined : env[passwordEnv]
  if (password === undefined) throw new Error(`${where}.passwordEnv: ${passwordEnv} is not set`)
  return password
}

function originOf(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text.replace(/^oci:/, 'https:')) : undefined
  const isServer = url && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === ''
  if (!isServer) throw new Error(`${where}: expected an address such as https://charts.example.com`)
  return url.origin
}
