import assert from 'node:assert/strict'
import { describeReal } from '../../testbed/binaries.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { configMap, yaml } from './documents.ts'
import { type RunningDaemon, type TestFleet, withFleet } from './harness.ts'

// Members without a connection need no cluster: everything up to the generated branch is real.
describeReal('the generated branch', ['git'], () => {
  it('that was deleted is pushed back from the clone, and the next commit goes on top', () =>
    onBranch(async (fleet, daemon) => {
      const tip = fleet.generatedTip()
      fleet.git('update-ref', '-d', 'refs/heads/generated')

      await daemon.sync()
      assert.equal(fleet.generatedTip(), tip)

      await change(fleet, 'two')
      await daemon.sync()
      assert.equal(fleet.git('rev-parse', 'generated^'), tip)
    }))

  it('that was deleted while no daemon ran is pushed back too', () =>
    onBranch(async (fleet, daemon) => {
      const tip = fleet.generatedTip()
      await daemon.stop()
      fleet.git('update-ref', '-d', 'refs/heads/generated')

      await (await fleet.start()).sync()
      assert.equal(fleet.generatedTip(), tip)
    }))

  it('that was deleted is pushed back by a daemon that only followed another one', () =>
    onBranch(async (fleet, daemon) => {
      const follower = await fleet.start({ fresh: true })
      await follower.sync()
      await change(fleet, 'two')
      await daemon.sync()
      await follower.sync()
      await daemon.stop()
      const tip = fleet.generatedTip()

      fleet.git('update-ref', '-d', 'refs/heads/generated')
      await follower.sync()
      assert.equal(follower.status().source.problem, '')
      assert.equal(fleet.generatedTip(), tip)
    }))

  it('that was rewound is left alone until the commit is pushed back', () =>
    onBranch(async (fleet, daemon) => {
      const first = fleet.generatedTip() ?? ''
      await change(fleet, 'two')
      await daemon.sync()
      const second = fleet.generatedTip() ?? ''

      fleet.git('update-ref', 'refs/heads/generated', first)
      await change(fleet, 'three')
      await daemon.sync()
      assert.equal(fleet.generatedTip(), first)
      assert.ok(
        daemon.status().source.problem.includes(`was rewound: it lacks commit ${second.slice(0, 12)}`),
        daemon.status().source.problem,
      )

      fleet.git('update-ref', 'refs/heads/generated', second)
      await daemon.sync()
      assert.equal(daemon.status().source.problem, '')
      assert.equal(fleet.git('rev-parse', 'generated^'), second)
    }))

  it('that was rewound is left alone by a daemon that only followed another one', () =>
    onBranch(async (fleet, daemon) => {
      const first = fleet.generatedTip() ?? ''
      const follower = await fleet.start({ fresh: true })
      await change(fleet, 'two')
      await daemon.sync()
      await follower.sync()
      await daemon.stop()

      fleet.git('update-ref', 'refs/heads/generated', first)
      await change(fleet, 'three')
      await follower.sync()
      assert.equal(fleet.generatedTip(), first)
      assert.match(follower.status().source.problem, /was rewound/)
    }))

  it('that was rewound is taken as it is by a daemon that is told so', () =>
    onBranch(async (fleet, daemon) => {
      const first = fleet.generatedTip() ?? ''
      await change(fleet, 'two')
      await daemon.sync()
      await daemon.stop()
      fleet.git('update-ref', 'refs/heads/generated', first)

      const told = await fleet.start({ newFleet: true })
      await told.sync()
      assert.equal(told.status().source.problem, '')
      assert.equal(fleet.git('rev-parse', 'generated^'), first)
    }))

  it('of somebody else is never written to', () =>
    withFleet({ clusters: [] }, async (fleet) => {
      await change(fleet, 'one')
      await fleet.people.git('push', '--quiet', 'origin', 'HEAD:generated')
      const theirs = fleet.generatedTip()

      const daemon = await fleet.start()
      await daemon.sync()
      assert.equal(fleet.generatedTip(), theirs)
      assert.match(daemon.status().source.problem, /"generated" was not made by Flotilla/)
    }))

  it('has what was committed by hand undone, which is said in the commit', () =>
    onBranch(async (fleet, daemon) => {
      const first = fleet.generatedTip() ?? ''
      const byHand = await commitByHand(fleet)

      await daemon.sync()
      assert.equal(fleet.git('rev-parse', 'generated^'), byHand)
      assert.equal(fleet.git('rev-parse', 'generated^{tree}'), fleet.git('rev-parse', `${first}^{tree}`))
      const [message] = fleet.generatedLog()
      assert.match(message ?? '', /^Undo a commit made by hand\n/)
      assert.ok(message?.includes(`This undoes ${byHand.slice(0, 7)}, made by hand`), message)
    }))

  it('that moves during a push is read again, and what moved it is undone', () =>
    onBranch(async (fleet, daemon) => {
      await change(fleet, 'two')
      let byHand = ''
      fleet.server.beforeNextReceive(async () => {
        byHand = await commitByHand(fleet)
      })

      await daemon.sync()
      assert.equal(fleet.git('rev-parse', 'generated^'), byHand)
      assert.match(fleet.git('show', `generated:${path(fleet)}`), /key: two/)
      assert.match(fleet.generatedLog()[0] ?? '', /^two\n[\s\S]*made by hand/)
    }))

  it('moves once where two daemons render the same change at once', () =>
    onBranch(async (fleet, daemon) => {
      const other = await fleet.start({ fresh: true })
      await other.sync()

      for (const value of ['two', 'three', 'four']) {
        await change(fleet, value)
        await Promise.all([daemon.sync(), other.sync()])
      }
      const subjects = fleet.generatedLog().map((message) => message.split('\n')[0])
      assert.deepEqual(subjects, ['four', 'three', 'two', 'one'])
      assert.equal(daemon.status().generated.commit, other.status().generated.commit)
    }))
})

describeReal('the source branch', ['git'], () => {
  it('that was force-pushed to another commit is taken, which is said in a trailer', () =>
    onBranch(async (fleet, daemon) => {
      const before = await fleet.people.git('rev-parse', 'HEAD')
      write(fleet, 'other')
      await fleet.people.git('add', '--all')
      await fleet.people.git('commit', '--quiet', '--amend', '--message', 'Start again')
      await fleet.people.push({ force: true })

      await daemon.sync()
      assert.match(fleet.git('show', `generated:${path(fleet)}`), /key: other/)
      assert.match(fleet.generatedLog()[0] ?? '', new RegExp(`^Start again\n[\\s\\S]*\nSource-Forced: ${before}$`))
    }))

  it('that is older than what is rendered is refused, and taken with a commit on top', () =>
    onBranch(async (fleet, daemon) => {
      const older = await fleet.people.git('rev-parse', 'HEAD')
      const newer = await change(fleet, 'two')
      await daemon.sync()
      const tip = fleet.generatedTip()

      for (const restarted of [daemon, undefined]) {
        const one = restarted ?? (await fleet.start({ fresh: true }))
        fleet.git('update-ref', 'refs/heads/main', older)
        await one.sync()
        assert.equal(fleet.generatedTip(), tip)
        assert.ok(
          one
            .status()
            .source.problem.startsWith(
              `the branch "main" is at ${older.slice(0, 7)}, older than ${newer.slice(0, 7)}, which is rendered;`,
            ),
          one.status().source.problem,
        )
        assert.equal(one.status().generated.commit, tip, 'what was rendered is still looked after')
      }

      await fleet.people.git('reset', '--quiet', '--hard', older)
      await change(fleet, 'three')
      await daemon.sync()
      assert.equal(daemon.status().source.problem, '')
      assert.match(fleet.generatedLog()[0] ?? '', new RegExp(`^three\n[\\s\\S]*\nSource-Forced: ${newer}$`))
    }))

  it('that does not exist is said', () =>
    withFleet({ clusters: [] }, async (fleet) => {
      const daemon = await fleet.start()
      await daemon.sync()
      assert.equal(daemon.status().source.problem, 'the source has no branch "main"')
    }))
})

/** A fleet of two members without a connection, rendered once with the value `one`. */
function onBranch(test: (fleet: TestFleet, daemon: RunningDaemon) => Promise<void>): Promise<void> {
  return withFleet({ clusters: [] }, async (fleet) => {
    await change(fleet, 'one')
    const daemon = await fleet.start()
    await daemon.sync()
    assert.equal(fleet.generatedLog().length, 1)
    await test(fleet, daemon)
  })
}

function write(fleet: TestFleet, key: string): void {
  const cluster = (name: string) => ({ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Cluster', metadata: { name } })
  fleet.people.write('clusters.yaml', yaml(cluster('a'), cluster('b')))
  fleet.people.write('web.yaml', yaml(configMap(fleet.ns, 'web', { key }, { everywhere: true })))
}

function change(fleet: TestFleet, value: string): Promise<string> {
  write(fleet, value)
  return fleet.push(value)
}

function path({ ns }: TestFleet): string {
  return `clusters/a/${ns}/ConfigMap/web.yaml`
}

async function commitByHand(fleet: TestFleet): Promise<string> {
  const person: WorkTree = await createWorkTree(fleet.url)
  await person.git('checkout', '--quiet', 'generated')
  person.write(path(fleet), 'hotfix: true\n')
  const commit = await person.commit('Hotfix')
  await person.push()
  person.dispose()
  return commit
}
