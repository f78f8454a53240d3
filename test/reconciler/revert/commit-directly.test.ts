import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { branchFile } from '../../../reconciler/git/branch-file.ts'
import { GitError } from '../../../reconciler/git/error.ts'
import { openRepository } from '../../../reconciler/git/open.ts'
import { commitDirectly } from '../../../reconciler/revert/commit-directly.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { author, branches, type Fleet, startFleet } from '../git/fleet.ts'

describeReal('a change that is committed to the source branch itself', ['git'], () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await startFleet()
  })
  afterEach(() => fleet.stop())

  const change = (upon: string) => ({
    ...{ upon, base: branches.source, message: 'Change it', author },
    changes: new Map([['workloads/web.yaml', branchFile('kind: Service\n')]]),
  })
  const push = async (path: string, text: string) => {
    fleet.people.write(path, text)
    const commit = await fleet.people.commit('Something else')
    await fleet.people.push()
    return commit
  }

  it('goes upon what others pushed meanwhile', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const other = await push('other.yaml', 'a: 1\n')
    const done = await commitDirectly(change(fleet.first), repository)
    assert.deepEqual(done, { type: 'committed', commit: fleet.git('rev-parse', 'main') })
    assert.equal(fleet.git('log', '-1', '--format=%P %s', 'main'), `${other} Change it`)
    assert.equal(fleet.git('diff', '--name-only', other, 'main'), 'workloads/web.yaml')
  })

  it('is not made where others changed the same file meanwhile', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const other = await push('workloads/web.yaml', 'kind: StatefulSet\n')
    const done = await commitDirectly(change(fleet.first), repository)
    assert.deepEqual(done, { type: 'moved', paths: ['workloads/web.yaml'] })
    assert.equal(fleet.git('rev-parse', 'main'), other)
  })

  it('is refused in the words of a server that takes no such push', async () => {
    const hook = join(fleet.dir, 'hooks/pre-receive')
    writeFileSync(hook, '#!/bin/sh\necho "main is protected"\nexit 1\n')
    chmodSync(hook, 0o755)
    const repository = await fleet.open()
    await repository.fetch()
    await assert.rejects(
      commitDirectly(change(fleet.first), repository),
      (error) => error instanceof GitError && /^the branch main was not taken: /.test(error.message),
    )
    assert.equal(fleet.git('rev-parse', 'main'), fleet.first)
  })

  it('is refused on this disk where a work tree has the branch checked out, which would seem changed', async () => {
    const repository = await openRepository({ url: fleet.people.folder, branches })
    await repository.fetch()
    await assert.rejects(commitDirectly(change(fleet.first), repository), /the branch main is checked out there/)
    assert.equal(await fleet.people.git('status', '--porcelain'), '')
    await repository.close()
  })
})
