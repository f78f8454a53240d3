import assert from 'node:assert/strict'
import { chmodSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { objectOid } from '../../../reconciler/git/object.ts'
import { openRepository } from '../../../reconciler/git/open.ts'
import type { BranchFile } from '../../../reconciler/git/types.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { author, branches, gitIn, startFleet, temporaryFolder } from './fleet.ts'

const file = (text: string, mode = '100644'): BranchFile => {
  const content = Buffer.from(text)
  return { oid: objectOid('blob', content), mode, content }
}

describeReal('a branch that is made for people', ['git'], () => {
  for (const where of ['a remote', 'a repository on this disk'] as const)
    it(`holds the commit with the files changed and every other as it was, in ${where}`, async () => {
      const fleet = await startFleet()
      try {
        fleet.people.write('bin/run.sh', '#!/bin/sh\n')
        chmodSync(join(fleet.people.folder, 'bin/run.sh'), 0o755)
        symlinkSync('run.sh', join(fleet.people.folder, 'bin/link'))
        fleet.people.write('gone/only.yaml', 'a: 1\n')
        fleet.people.write('a.b/c.yaml', 'a: 1\n')
        const upon = await fleet.people.commit('More files')
        await fleet.people.push()
        const local = temporaryFolder()
        if (where !== 'a remote') gitIn(local, 'clone', '--quiet', '--bare', fleet.dir, '.')
        const repository = where === 'a remote' ? await fleet.open() : await openRepository({ url: local, branches })
        await repository.fetch()
        const changes = new Map([
          ['workloads/web.yaml', file('kind: Service\n')],
          ['bin/new.sh', file('#!/bin/sh\n# new\n', '100755')],
          ['gone/only.yaml', undefined],
          ['a', file('a file beside a folder a.b\n')],
        ])
        const made = await repository.createBranch({ branch: 'flotilla/x', upon, changes, message: 'Change', author })
        assert.deepEqual(made.push, { type: 'pushed' })
        const git = (...args: readonly string[]) => gitIn(where === 'a remote' ? fleet.dir : local, ...args)
        assert.equal(git('rev-parse', 'flotilla/x'), made.commit)
        assert.equal(git('log', '--format=%P %s', '-1', 'flotilla/x'), `${upon} Change`)
        assert.equal(
          git('diff', '--raw', '--no-renames', '--abbrev=4', '--format=', upon, 'flotilla/x').replace(
            / [0-9a-f]{4} [0-9a-f]{4} /g,
            ' ',
          ),
          [
            ':000000 100644 A\ta',
            ':000000 100755 A\tbin/new.sh',
            ':100644 000000 D\tgone/only.yaml',
            ':100644 100644 M\tworkloads/web.yaml',
          ].join('\n'),
        )
        assert.equal(git('fsck', '--full', '--strict'), '')
        assert.equal(git('rev-parse', 'main'), upon)

        const again = await repository.createBranch({ branch: 'flotilla/x', upon, changes, message: 'Other', author })
        assert.deepEqual(again.push, { type: 'lost', remote: made.commit })
        assert.equal(git('rev-parse', 'flotilla/x'), made.commit)
        await repository.close()
        rmSync(local, { recursive: true, force: true })
      } finally {
        await fleet.stop()
      }
    })

  const refused = ['../up.yaml', '.git/config', 'a//b', '']
  for (const path of refused)
    it(`refuses the path "${path}"`, async () => {
      const fleet = await startFleet()
      try {
        const repository = await fleet.open()
        await repository.fetch()
        const changes = new Map([[path, file('x\n')]])
        const change = { branch: 'flotilla/x', upon: fleet.first, changes, message: 'Change', author }
        await assert.rejects(repository.createBranch(change), /is no path that Git can hold/)
      } finally {
        await fleet.stop()
      }
    })
})
