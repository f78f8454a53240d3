import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { getIn } from '../../repo-layout/json.ts'

const root = join(import.meta.dirname, '../..')
const lines = readFileSync(join(root, 'deploy/Containerfile'), 'utf8').split('\n')
const values = (instruction: string) =>
  lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1))

describe('deploy/Containerfile', () => {
  it('names its base image without a host, by tag', () => {
    const images = values('ARG').filter((text) => text.startsWith('NODE_IMAGE='))
    assert.deepEqual(images, ['NODE_IMAGE=node:24-slim'])
    for (const from of values('FROM')) assert(/^\$\{NODE_IMAGE\}( AS [a-z]+)?$/.test(from), from)
  })

  it('copies only what is in the repository and what the ignore file lets through', () => {
    const kept = new Set(
      readFileSync(join(root, '.dockerignore'), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('!'))
        .map((line) => line.slice(1)),
    )
    const copied = values('COPY')
      .filter((text) => !text.startsWith('--from'))
      .flatMap((text) => text.split(' ').slice(0, -1))
    for (const path of copied) {
      const plain = path.replace('*', '')
      assert(kept.has(plain), `${path} is left out by .dockerignore`)
      if (plain === path) assert(existsSync(join(root, path)), `${path} is not there`)
    }
    // A room of the source that is compiled but not copied would only show when an image is built.
    for (const room of ['repo-layout', 'render', 'reconciler']) assert(copied.includes(room), room)
  })

  it('runs as the user and listens on the port that the Deployment names', () => {
    const [uid] = values('ARG').filter((text) => text.startsWith('UID='))
    assert.match(values('USER').join('\n'), /^\$\{UID\}:\$\{UID\}$/)
    const [document] = parseAllDocuments(readFileSync(join(root, 'deploy/manifests/deployment.yaml'), 'utf8'))
    const pod = getIn(document?.toJS(), ['spec', 'template', 'spec'])
    assert.equal(uid, `UID=${getIn(pod, ['securityContext', 'runAsUser'])}`)
    assert.equal(getIn(pod, ['securityContext', 'fsGroup']), getIn(pod, ['securityContext', 'runAsUser']))
    assert.deepEqual(values('EXPOSE'), [String(getIn(pod, ['containers', 0, 'ports', 0, 'containerPort']))])
    assert.deepEqual(values('VOLUME'), [getIn(pod, ['containers', 0, 'volumeMounts', 0, 'mountPath'])])
  })
})
