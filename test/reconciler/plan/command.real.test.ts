import assert from 'node:assert/strict'
import { join } from 'node:path'
import { buildProgram } from '../../../reconciler/commands/program.ts'
import type { FleetPlan } from '../../../reconciler/plan/types.ts'
import { describeMembers } from '../../testbed/members.ts'
import type { Ended } from '../commands/cli.ts'
import { recordingTerminal } from '../commands/recorded.ts'
import { configMap, override, yaml } from '../daemon/documents.ts'
import { needs, type TestFleet, withFleet } from '../daemon/harness.ts'

/** Runs a command in this process, as a shell would in one of its own. */
async function run(fleet: TestFleet, args: readonly string[]): Promise<Ended> {
  const { terminal, written } = recordingTerminal()
  let ended = 0
  const exit = (code: number) => {
    ended = code
  }
  const program = buildProgram({ terminal: () => terminal, color: () => 'never', exit })
  const where = ['--repo', fleet.url, '--dir', join(fleet.folder, 'clone-of-command')]
  await program.parseAsync([...args, ...where], { from: 'user' })
  return { code: ended, ...written() }
}

const write = (fleet: TestFleet, name: string, value: string) =>
  fleet.people.write(`${name}.yaml`, yaml(configMap(fleet.ns, name, { k: value }, { everywhere: true })))

describeMembers('the command plan', needs, () => {
  it('and run --once --dry-run say the same of the tip, as text and as data, and write nothing', () =>
    withFleet({ clusters: ['c1', 'c2'] }, async (fleet) => {
      write(fleet, 'a', '1')
      await fleet.push('One object')
      const daemon = await fleet.start()
      await daemon.synced()
      await daemon.stop()
      const tip = fleet.generatedTip()
      for (const args of [['plan'], ['run', '--once', '--dry-run']]) {
        const { code, stdout, stderr } = await run(fleet, [...args, '--exit-code'])
        assert.equal(stderr, 'Nothing changes in 2 clusters (4 unchanged).\n')
        assert.match(stdout, new RegExp(`^${fleet.name}: main [0-9a-f]{7} upon generated [0-9a-f]{7}\n`))
        assert.equal(code, 0)
      }
      write(fleet, 'a', '2')
      write(fleet, 'b', '1')
      await fleet.push('Change one and add one')
      const answers: FleetPlan[] = []
      for (const args of [['plan'], ['run', '--once', '--dry-run']]) {
        const { code, stdout, stderr } = await run(fleet, [...args, '--exit-code', '-o', 'json'])
        assert.equal(stderr, 'Plan: 2 created, 2 configured in 2 clusters (2 unchanged).\n')
        assert.equal(code, 3)
        answers.push(JSON.parse(stdout))
      }
      const [plan, dryRun] = answers.map(({ at: _at, clusters, ...rest }) => ({
        ...rest,
        clusters: clusters.map(({ facts: { observedAt: _observed, ...facts }, ...cluster }) => ({ ...cluster, facts })),
      }))
      assert.deepEqual(plan, dryRun)
      const names = await run(fleet, ['plan', '-o', 'name', '-c', 'c2'])
      assert.equal(names.stdout, `c2 ConfigMap/${fleet.ns}/a\nc2 ConfigMap/${fleet.ns}/b\n`)
      assert.equal(names.code, 0, 'changes count only with --exit-code')
      assert.match((await run(fleet, ['plan', '-o', 'markdown'])).stdout, /^\*\*Plan: 2 created, 2 configured/)
      assert.equal(fleet.generatedTip(), tip)
      assert.equal(await fleet.member('c1').value(`/api/v1/namespaces/${fleet.ns}/configmaps/a`, ['data', 'k']), '1')
    }))

  it('tells errors in the source with their place and exit 1, also as data', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const overrides = [override('c1', '/data/x/y', '1')]
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { k: '1' }, { everywhere: true, overrides })))
      await fleet.push('A broken override')
      const { code, stdout, stderr } = await run(fleet, ['plan', '--exit-code', '-o', 'json'])
      assert.match(stderr, /^a\.yaml:17:\d+: error: .* \[override-failed\]\n/)
      assert.equal(code, 1)
      assert.equal((JSON.parse(stdout) as FleetPlan).messages[0]?.code, 'override-failed')
    }))

  it('plans a new fleet; a dry run of the daemon refuses where it cannot tell that the fleet is new', () =>
    withFleet({ clusters: ['c1', 'c2'] }, async (fleet) => {
      write(fleet, 'a', '1')
      await fleet.push('Begin')
      fleet.member('c2').gate.setOpen(false)
      const plan = await run(fleet, ['plan'])
      assert.equal(plan.code, 0)
      assert.match(plan.stdout, /upon a new fleet \(no branch generated yet\)\n/)
      assert.match(plan.stdout, /\nThe daemon would not start: .*c2 cannot be asked/)
      assert.match(plan.stdout, /\n\? c2 could not be asked and waits: .* \(2 added there, not compared\)\n/)
      const dryRun = await run(fleet, ['run', '--once', '--dry-run'])
      assert.equal(dryRun.code, 2)
      assert.match(dryRun.stderr, /it cannot be told that this is a new fleet: c2 cannot be asked/)
      const anew = await run(fleet, ['run', '--once', '--dry-run', '--new-fleet'])
      assert.equal(anew.code, 0, anew.stderr)
      fleet.member('c2').gate.setOpen(true)
    }))

  const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['plan', '--source', '.', '--head', 'main'], /--source is a folder and needs neither --base nor --head/],
    [['plan', '--head', 'nowhere'], /no branch or commit "nowhere"/],
    [['plan', '-c', 'nowhere'], /no cluster of the fleet is named nowhere/],
    [['plan', '--branch', 'nowhere'], /the source has no branch "nowhere"/],
    [['run', '--dry-run'], /--dry-run needs --once/],
  ]
  it('refuses with exit 2 and a reason what it cannot plan', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      await fleet.push('Begin')
      for (const [args, says] of refused) {
        const { code, stdout, stderr } = await run(fleet, args)
        assert.deepEqual([code, stdout], [2, ''], stderr)
        assert.match(stderr, says)
      }
    }))
})
