import assert from 'node:assert/strict'
import { isRevert, revertBranch, revertMessage } from '../../../reconciler/revert/message.ts'

const oid = '4f2a91c0000000000000000000000000000000aa'
const parent = '1111111111111111111111111111111111111111'
const commit = (message: string, parents: readonly string[] = [parent]) => ({ oid, parents, message })

describe('the message of a revert', () => {
  const cases: readonly (readonly [what: string, message: string, parents: readonly string[], expected: string])[] = [
    ['of a commit', 'Move web\n\nBecause.', [parent], `Revert "Move web"\n\nThis reverts commit ${oid}.`],
    [
      'of a merge',
      'Merge branch x',
      [parent, oid],
      `Revert "Merge branch x"\n\nThis reverts commit ${oid}, reversing\nchanges made to ${parent}.`,
    ],
    ['of a revert', 'Revert "Move web"', [parent], `Reapply "Move web"\n\nThis reverts commit ${oid}.`],
    ['of a reapply', 'Reapply "Move web"', [parent], `Revert "Reapply "Move web""\n\nThis reverts commit ${oid}.`],
  ]
  for (const [what, message, parents, expected] of cases)
    it(`${what} is that of git revert`, () => {
      assert.equal(revertMessage({ commit: commit(message, parents) }), expected)
    })

  it('says of which file, and what came with it', () => {
    assert.equal(
      revertMessage({ commit: commit('Move web'), file: 'web.yaml' }),
      `Revert "Move web" in web.yaml\n\nThis reverts what commit ${oid} changed in web.yaml.`,
    )
    assert.equal(
      revertMessage({ commit: commit('Move web'), with: [{ oid: parent, message: 'Before' }] }),
      `Revert "Move web" and 1 more\n\nThis reverts commit ${oid}.\nThis reverts commit ${parent}, which came with it.`,
    )
  })

  it('names a branch that Git takes', () => {
    assert.equal(revertBranch(oid), 'flotilla/revert-4f2a91c00000')
    assert.equal(revertBranch(oid, 'Web.v1'), 'flotilla/revert-4f2a91c00000-web-v1')
  })
})

describe('a commit counts as a revert', () => {
  const merge = [parent, oid]
  const cases: readonly (readonly [
    what: string,
    message: string,
    parents: readonly string[],
    merged: string,
    is: boolean,
  ])[] = [
    ['that git revert made', 'Revert "Move web"', [parent], '', true],
    ['that merges a branch of ours', "Merge branch 'flotilla/revert-4f2a91c00000' into 'main'", merge, 'x', true],
    [
      'that merges a pull request of ours',
      'Merge pull request #3 from acme/flotilla/revert-4f2a91c00000',
      merge,
      'x',
      true,
    ],
    ['that merges a revert under another name', 'Merge pull request "Oops" (#3)', merge, 'Revert "Move web"', true],
    ['but not one that merges something else', 'Merge branch x', merge, 'Move web', false],
    ['but not one that applies it again', 'Reapply "Move web"', [parent], '', false],
    ['but not one that only speaks of it', 'Say how to git revert', [parent], '', false],
  ]
  for (const [what, message, parents, merged, is] of cases)
    it(what, () => {
      assert.equal(isRevert(commit(message, parents), { message: merged }), is)
    })
})
