import assert from 'node:assert/strict'
import { numbersIn } from '../../../reconciler/pulls/plan-note.ts'
import { describeSandbox } from '../../testbed/members.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { type TestFleet, withFleet } from '../daemon/harness.ts'
import { startDesk } from './support.ts'

describeSandbox('a pull request that was merged while no daemon ran', () => {
  /** Plans a change, ends the daemon, merges, and has another daemon look; gives the comment, and how often it was written. */
  async function merged(fleet: TestFleet, meddle: () => Promise<unknown> = async () => undefined) {
    const { ns, people } = fleet
    const write = (value: string) => people.write('a.yaml', yaml(configMap(ns, 'a', { value }, { everywhere: true })))
    write('1')
    await fleet.push('Begin')
    const first = await startDesk(fleet)
    write('2')
    const { number, commit } = await first.open('change')
    await first.look()
    const { forge } = first
    assert.match(forge.comments(number)[0] ?? '', /1 configured in 1 cluster/)
    await first.daemon.stop()
    const merge = await first.merge(commit, number)
    await meddle()
    const second = await startDesk(fleet, {}, forge)
    await second.look()
    const [text = ''] = forge.comments(number)
    const writes = forge.writes(number)
    const third = await startDesk(fleet, {}, forge)
    await third.look()
    assert.equal(forge.writes(number), writes, 'what is said is not said again')
    return { text, merge }
  }

  it('gets the line whether it went as planned, below its plan', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const { text, merge } = await merged(fleet)
      assert.match(text, /### ✅ Plan of [\s\S]*1 configured in 1 cluster/)
      assert.match(
        text,
        new RegExp(`\\n---\\nMerged as ${merge.slice(0, 7)}, generated as [0-9a-f]{7}: \\*\\*as planned\\*\\*\\.\\n$`),
      )
    }))

  it('is told of where something else was generated than was planned', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const { ns, people } = fleet
      const { text } = await merged(fleet, async () => {
        people.write('b.yaml', yaml(configMap(ns, 'b', { value: '1' }, { everywhere: true })))
        await people.commit('Another one')
        await people.push()
      })
      assert.match(
        text,
        /together with later commits of the source: \*\*not as planned\*\*\.\n\n- what was generated is not/,
      )
    }))
})

describe('the message of a merge', () => {
  const messages: readonly (readonly [message: string, numbers: readonly number[]])[] = [
    ['Merge pull request #12 from jo/change', [12]],
    ["Merge pull request 'A change' (#7) from change into main", [7]],
    ["Merge branch 'change' into 'main'\n\nA change\n\nSee merge request acme/fleet!31", [31]],
    ['A change (#5)', [5]],
    ['Revert "A change (#5)" (#6)', [5, 6]],
    ['Use colour #123abc and wait!', []],
  ]
  for (const [message, numbers] of messages)
    it(`names the pull request: ${message.split('\n').at(-1)}`, () => assert.deepEqual(numbersIn(message), numbers))
})
