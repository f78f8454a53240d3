import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { describeReal } from './binaries.ts'
import { type GitServer, startGitServer } from './git-server.ts'
import { createWorkTree } from './work-tree.ts'

describeReal('testbed: the Git server', ['git'], () => {
  let server: GitServer
  beforeEach(async () => {
    server = await startGitServer({ auth: { username: 'robot', password: 'p@ss/word' } })
    server.createRepo('team/fleet')
  })
  afterEach(() => server.stop())

  const clone = () => createWorkTree(server.urlWithCredential('team/fleet'))

  it('takes a push and gives it to the next clone, on main', async () => {
    const author = await clone()
    author.write('clusters/one.yaml', 'kind: Cluster\n')
    author.write('gone.yaml', 'a: 1\n')
    await author.commit('Add a cluster')
    author.remove('gone.yaml')
    const sha = await author.commit('Remove what is not needed')
    await author.push()

    const reader = await clone()
    equal(await reader.git('rev-parse', 'origin/main'), sha)
    equal(await reader.git('ls-files'), 'clusters/one.yaml')
    equal(server.requests().at(-1)?.status, 200)
  })

  it('refuses everyone without the credential', async () => {
    await rejects(createWorkTree(server.url('team/fleet')), /could not read Username|Authentication failed/)
    deepEqual([...new Set(server.requests().map((request) => request.status))], [401])
  })

  it('takes a token as a bearer and as a password', async () => {
    const other = await startGitServer({ auth: { token: 'secret' } })
    other.createRepo('fleet')
    const path = `${other.url('fleet')}/info/refs?service=git-upload-pack`
    equal((await fetch(path, { headers: { authorization: 'Bearer secret' } })).status, 200)
    equal((await fetch(path, { headers: { authorization: 'Bearer wrong' } })).status, 401)
    await createWorkTree(other.urlWithCredential('fleet'))
    await other.stop()
  })

  it('refuses a push with the words that a hook would say', async () => {
    const author = await clone()
    await author.commit('First')
    server.rejectPushes('main is protected')
    await rejects(author.push(), (error: Error) => {
      match(error.message, /main is protected/)
      match(error.message, /pre-receive hook declined/)
      return true
    })
    server.rejectPushes(undefined)
    await author.push()
  })

  it('lets another push in first, so that the later one loses the race', async () => {
    const [slow, fast] = [await clone(), await clone()]
    await slow.commit('Slow')
    await fast.commit('Fast')
    server.beforeNextReceive(() => fast.push())
    await rejects(slow.push())
    equal(await (await clone()).git('log', '--format=%s'), 'Fast')
  })

  it('takes a push before its answer is sent', async () => {
    const author = await clone()
    const sha = await author.commit('First')
    let taken = ''
    server.beforeNextAnswer(async () => {
      taken = await (await clone()).git('rev-parse', 'origin/main')
    })
    await author.push()
    equal(taken, sha)
  })

  it('delays a push for as long as it is told', async () => {
    const author = await clone()
    await author.commit('First')
    server.delayReceive(300)
    const started = Date.now()
    await author.push()
    equal(Date.now() - started >= 300, true)
  })

  it('cuts connections while it is down and serves again afterwards', async () => {
    server.setDown(true)
    await rejects(clone())
    server.setDown(false)
    await clone()
  })
})
