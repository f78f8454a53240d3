import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Sandbox, startSandbox } from '../../../deploy/sandbox/start.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'

const run = promisify(execFile)

describeReal('kubectl on the sandbox', ['kubectl'], () => {
  let sandbox: Sandbox
  let folder: string

  /** Runs kubectl and gives what it printed. */
  async function kubectl(...args: readonly string[]): Promise<string> {
    const env = {
      ...process.env,
      KUBECONFIG: join(folder, 'kubeconfig'),
      HOME: folder,
      EDITOR: 'sed -i s/replicas:.*/replicas:\\ 1/',
    }
    const { stdout } = await run(requireBinary('kubectl'), args, { env })
    return stdout
  }

  before(async () => {
    sandbox = await startSandbox({ clusters: [{ name: 'one' }] })
    folder = mkdtempSync(join(tmpdir(), 'flotilla-kubectl-'))
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(sandbox.kubeconfig()))
  })
  after(async () => {
    await sandbox.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('creates, which it does in protobuf, waits for a rollout and prints what there is', async () => {
    await kubectl('create', 'deployment', 'web', '--image=nginx:1.27', '--replicas=2', '--port=80')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=10s')
    assert.match(await kubectl('get', 'deployments'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 /)
    assert.match(await kubectl('get', 'pods', '-o', 'wide'), /web-\w+-\w{5} +1\/1 +Running .* node1/)
  })

  it('describes, scales, edits, sets an image and rolls back', async () => {
    await kubectl('scale', 'deployment/web', '--replicas=3')
    await kubectl('edit', 'deployment/web')
    assert.match(await kubectl('get', 'deployment/web', '-o', 'jsonpath={.spec.replicas}'), /^1$/)
    await kubectl('set', 'image', 'deployment/web', 'nginx=nginx:1.28')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=10s')
    assert.match(await kubectl('describe', 'deployment/web'), /Image: +nginx:1\.28/)
    await kubectl('rollout', 'undo', 'deployment/web')
    assert.match(await kubectl('get', 'deployment/web', '-o', 'jsonpath={..image}'), /nginx:1\.27/)
  })

  it('applies on both sides, and says what is wrong with a field', async () => {
    const file = join(folder, 'cm.yaml')
    writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: "1"}\n')
    assert.match(await kubectl('apply', '-f', file), /configmap\/cm created/)
    assert.match(await kubectl('apply', '-f', file), /configmap\/cm unchanged/)
    assert.match(
      await kubectl('apply', '--server-side', '--force-conflicts', '-f', file),
      /configmap\/cm serverside-applied/,
    )
    writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndatas: {a: "1"}\n')
    await assert.rejects(kubectl('apply', '-f', file), /unknown field "datas"/)
  })

  it('explains fields and lists what is served', async () => {
    assert.match(await kubectl('explain', 'deployment.spec.strategy'), /FIELD: strategy <DeploymentStrategy>/)
    assert.match(await kubectl('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/)
  })

  it('deletes and waits until it is gone', async () => {
    await kubectl('delete', 'deployment/web')
    await kubectl('create', 'namespace', 'gone')
    await kubectl('delete', 'namespace', 'gone')
    assert.doesNotMatch(await kubectl('get', 'namespaces'), /gone/)
  })
})
