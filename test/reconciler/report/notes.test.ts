import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { mergeNote, parseNote } from '../../../reconciler/report/note.ts'
import { noteBoard } from '../../../reconciler/report/note-board.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { author, type Fleet, startFleet } from '../git/fleet.ts'

const status = (context: string, state: 'pending' | 'success', description: string) => ({ context, state, description })

describe('a note on a commit', () => {
  it('has one line a status, in which a newer one takes the place of an older', () => {
    const first = mergeNote('', [
      status('flotilla', 'pending', '0/1 synced'),
      status('flotilla/eu-1', 'pending', '0/3 applied'),
    ])
    const next = mergeNote(first, [status('flotilla', 'success', '1/1 synced')])
    assert.equal(next, 'success  flotilla       1/1 synced\npending  flotilla/eu-1  0/3 applied\n')
    assert.deepEqual(parseNote(next), [
      status('flotilla', 'success', '1/1 synced'),
      status('flotilla/eu-1', 'pending', '0/3 applied'),
    ])
  })
  it('keeps what a person wrote into it', () => {
    assert.equal(
      mergeNote('watch eu-1!\n', [status('flotilla', 'success', 'x')]),
      'success  flotilla  x\nwatch eu-1!\n',
    )
  })
})

describeReal('notes in the fleet repository', ['git'], () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await startFleet()
  })
  afterEach(async () => {
    assert.equal(fleet.git('fsck', '--full', '--strict', '--no-dangling'), '')
    await fleet.stop()
  })
  const byHand = (...args: readonly string[]) =>
    fleet.git('-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', 'notes', '--ref=flotilla', ...args)
  const board = async () => noteBoard({ repository: await fleet.open(), author: () => author, clock: systemClock })
  const commitMore = async (count: number) => {
    const commits: string[] = []
    for (let i = 0; i < count; i++) {
      fleet.people.write('workloads/web.yaml', `kind: Deployment # ${i}\n`)
      commits.push(await fleet.people.commit(`Change ${i}`))
    }
    await fleet.people.push()
    return commits
  }

  it('are shown by git log, and read back by a clone that never saw them', async () => {
    const one = await board()
    await one.post(fleet.first, [status('flotilla', 'pending', '0/1 synced')])
    await one.post(fleet.first, [
      status('flotilla', 'success', '1/1 synced'),
      status('flotilla/eu-1', 'success', 'synced'),
    ])
    const log = fleet.git('log', '--notes=flotilla', '--format=%N', 'main')
    assert.equal(log.trim(), 'success  flotilla       1/1 synced\nsuccess  flotilla/eu-1  synced')
    assert.deepEqual(await (await board()).statuses(fleet.first), [
      status('flotilla', 'success', '1/1 synced'),
      status('flotilla/eu-1', 'success', 'synced'),
    ])
  })

  it('stay where somebody else wrote notes meanwhile', async () => {
    const [second = ''] = await commitMore(1)
    const one = await board()
    await one.post(fleet.first, [status('flotilla', 'success', '1/1 synced')])
    byHand('add', '-m', 'by hand', second)
    byHand('append', '-m', 'looks good', fleet.first)
    await one.post(second, [status('flotilla', 'pending', '0/1 synced')])
    await one.post(fleet.first, [status('flotilla', 'success', '1/1 synced, 1 suspended')])
    const note = (commit: string) => fleet.git('notes', '--ref=flotilla', 'show', commit)
    assert.equal(note(second), 'pending  flotilla  0/1 synced\nby hand')
    assert.equal(note(fleet.first), 'success  flotilla  1/1 synced, 1 suspended\nlooks good')
  })

  it('are found by Git in a tree that has its notes in folders', async function () {
    this.timeout(60_000)
    for (let i = 0; i < 290; i++) fleet.people.write(`docs/${i}.md`, `page ${i}\n`)
    await fleet.people.commit('Write docs')
    await fleet.people.push()
    const blobs = fleet.git('ls-tree', '-r', '--format=%(objectname)', 'main', 'docs/').split('\n')
    for (const blob of blobs) byHand('add', '-m', 'x', blob)
    assert.match(fleet.git('ls-tree', '-r', '--name-only', 'refs/notes/flotilla'), /\//)
    const one = await board()
    const [first = ''] = blobs
    await one.post(fleet.first, [status('flotilla', 'success', '1/1 synced')])
    await one.post(first, [status('flotilla', 'success', '1/1 synced')])
    assert.equal(fleet.git('notes', '--ref=flotilla', 'show', fleet.first), 'success  flotilla  1/1 synced')
    assert.equal(fleet.git('notes', '--ref=flotilla', 'show', first), 'success  flotilla  1/1 synced\nx')
    assert.equal(fleet.git('notes', '--ref=flotilla', 'list').split('\n').length, 291)
  })

  it('that are pushed by two at once are all there', async () => {
    const commits = await commitMore(4)
    const boards = [await board(), await board()]
    await Promise.all(commits.map((commit, i) => boards[i % 2]?.post(commit, [status('flotilla', 'success', `${i}`)])))
    for (const [i, commit] of commits.entries())
      assert.equal(fleet.git('notes', '--ref=flotilla', 'show', commit), `success  flotilla  ${i}`)
  })
})
