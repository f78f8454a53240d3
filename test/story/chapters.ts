import assert from 'node:assert/strict'
import { getIn, type Json } from '../../repo-layout/json.ts'
import { eventually } from '../reconciler/daemon/harness.ts'
import { workloadPath } from './fleet-files.ts'
import type { ShownStatus } from './forge.ts'
import type { Recording } from './recording.ts'
import { allSucceed, type World } from './world.ts'

const branch = 'web-in-eu-north'
const title = 'Run web in eu-north as well'

/** A pull request of the story. */
export interface Pull {
  readonly number: number
  readonly head: string
}

/** Clone, branch, change the placement, push, open the pull request. */
export async function openPull({ forge, person }: World, story: Recording): Promise<Pull> {
  const types = async (command: string) => story.typed(command, await person.types(command))
  story.says(`
Three clusters, \`eu-1\` (region eu-west), \`eu-2\` (eu-north) and \`us-1\` (us-east), belong to the fleet in \`https://git.example.com/acme/fleet.git\`. The daemon runs somewhere,
with a token for the forge, and a webhook tells it of changes. \`web\` has twelve replicas in \`eu-1\` and \`us-1\`; \`eu-2\` is new and empty.
All of this was run on real kube-apiservers and a real Gitea: \`test/story/day.real.test.ts\` walks it, and compares it with this page.

**Morning: a placement change.** Jo needs Git and nothing else.`)
  await types('git clone https://git.example.com/acme/fleet.git')
  await types(`git switch --create ${branch}`)
  await types(`sed -i 's/values: .eu-west, /&eu-north, /' ${workloadPath}`)
  await types('git diff')
  await types(`git commit --all --message "${title}"`)
  await types(`git push --set-upstream origin ${branch}`)
  const made = await forge.ask('jo', 'POST', `${forge.root}/pulls`, { title, head: branch, base: 'main' })
  return { number: Number(getIn(made, ['number'])), head: await person.head() }
}

/** The plan is there, as a status and as one comment, with the exact moves. */
export async function seePlan(world: World, { number, head }: Pull, story: Recording): Promise<void> {
  const statuses = await world.untilStatuses(
    head,
    (all) => all.some(({ context, state }) => context === 'flotilla/plan' && state === 'success'),
    'the plan has succeeded',
  )
  const [comment, ...others] = await untilComments(world, number, (all) => all.length > 0)
  assert.ok(comment)
  assert.deepEqual(others, [], 'there is one comment')
  for (const move of [/eu-1 6 → 4/, /eu-2 0 → 4/, /us-1 6 → 4/]) assert.match(comment, move)
  story.says(`
Jo opens the pull request in the browser. Flotilla plans it against what is *live* in each cluster, with dry runs by their API
servers, and says so as a status and as a comment that it keeps up to date:`)
  story.shows(statusTable(statuses))
  story.quotes(visible(comment))
  story.says('![The pull request with its plan, in a browser](docs/images/pull-request.png)')
}

/** Merge; the webhook tells the daemon, and each cluster is reported. Gives the merge commit. */
export async function merge(world: World, { number, head }: Pull, story: Recording): Promise<string> {
  const { forge, untilStatuses } = world
  await forge.ask('jo', 'POST', `${forge.root}/pulls/${number}/merge`, { Do: 'merge', head_commit_id: head })
  const pull = await forge.ask('jo', 'GET', `${forge.root}/pulls/${number}`)
  const commit = String(getIn(pull, ['merge_commit_sha']))
  const statuses = await untilStatuses(commit, allSucceed, 'the merge is reported as synced')
  assert.deepEqual(await world.running(), { 'eu-1': '4/4', 'eu-2': '4/4', 'us-1': '4/4' })
  const [comment] = await untilComments(world, number, (all) => all[0]?.includes('as planned') === true)
  assert.ok(comment)
  story.says(`
The branch rules [require \`flotilla/plan\`](docs/branch-protection.md) and nothing else. Jo merges. The webhook tells the daemon, and some seconds
later the merge commit says how each cluster fares; success means applied *and* healthy:`)
  story.shows(statusTable(statuses))
  story.says('The comment on the pull request gets a last line:')
  story.quotes(visible(comment).split('\n---\n').at(-1) ?? '')
  return commit
}

/** A cluster's owners refuse what the next commit brings: its status fails, with the reason. Gives that commit. */
export async function breakAdmission(world: World, story: Recording): Promise<string> {
  const { person, untilStatuses } = world
  const types = async (command: string) => story.typed(command, await person.types(command))
  await world.refuseForeignImages('us-1')
  story.says(`
**Afternoon: a cluster says no.** The owners of \`us-1\` now admit images of \`registry.example.com\` alone, by a ValidatingAdmissionPolicy.
Jo does not know that, and pushes another image.`)
  await types('git switch --quiet main && git pull --quiet')
  await types(`sed -i 's|registry.example.com/web:1.4|ghcr.io/acme/web:1.5|' ${workloadPath}`)
  await types('git commit --quiet --all --message "Take web 1.5 from ghcr.io" && git push --quiet')
  const commit = await person.head()
  const statuses = await untilStatuses(
    commit,
    (all) =>
      stateOf(all, 'flotilla/us-1') === 'failure' &&
      stateOf(all, 'flotilla') === 'failure' &&
      stateOf(all, 'flotilla/eu-1') === 'success' &&
      stateOf(all, 'flotilla/eu-2') === 'success',
    'us-1 has failed, and the others have not',
  )
  for (const context of ['flotilla', 'flotilla/us-1'])
    assert.match(
      statuses.find((one) => one.context === context)?.description ?? '',
      /Deployment\/web denied: use registry\.example\.com \(policy image\)/,
    )
  story.says('The commit says it: two clusters run the new image, and the third still runs the old one.')
  story.shows(statusTable(statuses))
  return commit
}

/** \`git revert\` takes it back; every cluster is as before. */
export async function revert(world: World, failed: string, story: Recording): Promise<void> {
  const { forge, person, untilStatuses } = world
  const types = async (command: string) => story.typed(command, await person.types(command))
  story.says('**Back again** is a commit, too.')
  await types('git revert --no-edit HEAD')
  await types('git push --quiet')
  const statuses = await untilStatuses(await person.head(), allSucceed, 'the revert is reported as synced')
  story.shows(statusTable(statuses))
  const before = await forge.statuses(failed)
  assert.equal(stateOf(before, 'flotilla'), 'failure', 'what a commit came to by itself stays')
  story.says('The commit that failed keeps its red mark, and the one that took it back is green.')
}

/** The comments on a pull request, once they are so. */
function untilComments(
  { forge, explain }: World,
  number: number,
  are: (comments: readonly string[]) => boolean,
): Promise<readonly string[]> {
  return eventually(
    async () => {
      const all = (await forge.ask('jo', 'GET', `${forge.root}/issues/${number}/comments`)) as Json[]
      const texts = all.map((one) => String(getIn(one, ['body'])))
      return are(texts) && texts
    },
    'the comments are so',
    { explain, limit: 60_000 },
  )
}

function stateOf(statuses: readonly ShownStatus[], context: string): string | undefined {
  return statuses.find((status) => status.context === context)?.state
}

/** What is hidden in a comment is for Flotilla's own use. */
function visible(markdown: string): string {
  return markdown.replaceAll(/<!--[\s\S]*?-->\n*/g, '')
}

function statusTable(statuses: readonly ShownStatus[]): string {
  const widest = Math.max(...statuses.map(({ context }) => context.length))
  const widestState = Math.max(...statuses.map(({ state }) => state.length))
  return statuses
    .map(({ context, state, description }) => `${context.padEnd(widest)}  ${state.padEnd(widestState)}  ${description}`)
    .join('\n')
}
