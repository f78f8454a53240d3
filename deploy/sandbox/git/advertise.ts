import { flush, pktLine } from '../../../reconciler/git/pkt-line.ts'
import { zeroOid } from '../../../reconciler/git/receive-pack.ts'
import { createHistory } from './history.ts'
import { receiveCapabilities } from './receive-pack.ts'
import { type BareRepository, defaultBranch } from './repository.ts'
import { uploadCapabilities } from './upload-pack.ts'

/** What a client of Git may ask for over HTTP. */
export type Service = 'git-upload-pack' | 'git-receive-pack'

const agent = ['object-format=sha1', 'agent=flotilla-sandbox']

/** What the server says first: every ref with what it is at, and what it can do. Version 0, which every client reads. */
export async function advertise(repository: BareRepository, service: Service): Promise<readonly Buffer[]> {
  const refs = await repository.refs()
  const history = createHistory(repository.objects)
  const lines: string[] = []
  const head = refs.get(defaultBranch)
  const fetching = service === 'git-upload-pack'
  if (fetching && head !== undefined) lines.push(`${head} HEAD`)
  for (const [ref, oid] of refs) {
    lines.push(`${oid} ${ref}`)
    if (!fetching || !ref.startsWith('refs/tags/')) continue
    const { target, tags } = await history.peel(oid)
    if (tags.length > 0) lines.push(`${target} ${ref}^{}`)
  }
  const symref = head === undefined ? [] : [`symref=HEAD:${defaultBranch}`]
  const capabilities = fetching ? [...uploadCapabilities, ...symref, ...agent] : [...receiveCapabilities, ...agent]
  const [first = `${zeroOid} capabilities^{}`, ...rest] = lines
  return [
    pktLine(`# service=${service}\n`),
    flush,
    pktLine(`${first}\0${capabilities.join(' ')}\n`),
    ...rest.map((line) => pktLine(`${line}\n`)),
    flush,
  ]
}
