import type { PreviousTree, RenderOutput } from '../../render/input.ts'
import { parseDecision } from '../../render/kubefed/decision.ts'
import type { Memo } from '../../render/memo.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { FleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import type { ChartEngine } from '../charts/types.ts'
import { diffTrees } from '../git/changes.ts'
import { formatGeneratedMessage } from '../git/generated.ts'
import type { Repository } from '../git/types.ts'
import { allowedDigests } from './allowed.ts'
import { readPrevious, type TextCache } from './previous.ts'
import type { Pulled } from './pull.ts'
import { type Why, whyChanged } from './reason.ts'
import { judgeRemovals } from './removals.ts'
import { type Patience, renderAnswered } from './render-answered.ts'
import { gitTree } from './source.ts'

/** The tools that rendering a pull needs; all of them remember what did not change. */
export interface Generator {
  readonly repository: Repository
  readonly reader: FleetReader
  readonly memo: Memo
  readonly texts: TextCache
  /** The line of the `Renderer` trailer. */
  readonly renderer: string
  /** What finds and renders charts; without it applications stay as they are. */
  readonly charts?: Pick<ChartEngine, 'at'> | undefined
  /** How long a render waits for charts; undefined: until it has them all. */
  readonly patience?: Patience | undefined
}

/** How long after a render that had not the patience to wait for charts the next one is due, in milliseconds. */
const askAgain = 2_000

/** A pull, read and rendered, and not yet committed; without `fleet` nothing of the source can be rendered. */
export type Rendered =
  | { readonly type: 'unreadable'; readonly messages: readonly Message[] }
  | {
      readonly type: 'rendered'
      readonly source: FleetSource
      readonly output: RenderOutput
      readonly messages: readonly Message[]
      /** Why clusters that left the inventory are kept; empty where none is. */
      readonly problem: string
      readonly previous: PreviousTree | undefined
      /** Clusters that the decisions in force before counted as lost. */
      readonly lostBefore: ReadonlySet<string>
      /** Milliseconds until a chart that failed, or is still looked for, is worth another try; undefined where none is. */
      readonly chartsDue: number | undefined
    }

/**
 * Reads the source of a pull and renders it with the facts that `observe` gives for its settings. `tree` is what is read
 * instead of the commit: a folder that is not committed yet; `chartTree` has all files of it, also those that only Helm reads.
 */
export async function renderPull(
  generator: Generator,
  pulled: Pulled,
  observe: (source: FleetSource, lostBefore: ReadonlySet<string>) => Observations | Promise<Observations>,
  tree: SourceTree = gitTree(generator.repository, pulled.source),
  chartTree: SourceTree = tree,
): Promise<Rendered> {
  const { repository, reader, memo, texts } = generator
  const { source: read, messages } = await reader.read(tree)
  if (!read) return { type: 'unreadable', messages }
  const previous =
    pulled.previous && (await readPrevious(repository, pulled.previous.oid, texts, read.holds.files.size > 0))
  const allowed = () => allowedDigests(repository, pulled.source)
  const { source, problem } = await judgeRemovals(read, previous?.decisions ?? new Map(), allowed)
  const lostBefore = lostIn(previous?.decisions.values() ?? [])
  const observations = await observe(source, lostBefore)
  const charts = generator.charts?.at({ charts: source.fleet.spec.charts, source: chartTree })
  const output = await renderAnswered({ source, previous, observations }, memo, charts, generator.patience)
  const due = charts?.due()
  return {
    type: 'rendered',
    source,
    output,
    messages: [...messages, ...output.messages],
    problem,
    previous,
    lostBefore,
    chartsDue: charts && output.needs.length > 0 ? Math.min(askAgain, due ?? askAgain) : due,
  }
}

/** What came of committing a render. */
export type Generated =
  | { readonly type: 'unchanged'; readonly commit: string }
  | { readonly type: 'committed'; readonly commit: string; readonly subject: string; readonly reason: Why['reason'] }
  | { readonly type: 'lost' }
  | { readonly type: 'rejected'; readonly reason: string }

/**
 * Commits a rendered tree to the generated branch, or finds that it is what the branch holds. `lost` means that someone
 * else pushed meanwhile: pull again. `renderedBefore` is the source commit whose render the branch is known to hold.
 * Safe to repeat.
 */
export async function commitRender(
  { repository, renderer, texts }: Generator,
  pulled: Pulled,
  rendered: Extract<Rendered, { type: 'rendered' }>,
  renderedBefore: string | undefined,
): Promise<Generated> {
  const { source, output, previous, lostBefore } = rendered
  if (pulled.tip && repository.treeOf(output.files) === pulled.tip.tree)
    return { type: 'unchanged', commit: pulled.tip.oid }
  const sourceCommit = await repository.readCommit(pulled.source)
  const after = new Map([...output.files].map(([path, { oid }]) => [path, oid] as const))
  const sourceSubject = sourceCommit.message.split('\n')[0] ?? ''
  const lostNow = lostIn(decisionTexts(output, previous))
  const { steps } = output
  const why = whyChanged({ pulled, sourceSubject, renderer, lostBefore, lostNow, renderedBefore, steps })
  const undone = pulled.handMade.map(({ oid }) => oid.slice(0, 7)).join(', ')
  const message = formatGeneratedMessage({
    ...why,
    why:
      undone === ''
        ? why.why
        : `${why.why} This undoes ${undone}, made by hand: decisions belong on the source branch.`,
    changes: diffTrees(previous?.files ?? new Map(), after),
    sourceCommit: pulled.source,
    renderer,
    ...(pulled.forced === undefined ? {} : { forced: pulled.forced }),
  })
  const { commit, push } = await repository.commitGenerated({
    parent: pulled.tip?.oid,
    files: output.files as ReadonlyMap<string, { text: string; oid: string } | { oid: string }>,
    message,
    author: parseAuthor(source.fleet.spec.generated.author),
  })
  if (push.type === 'rejected') return { type: 'rejected', reason: push.reason }
  if (push.type === 'lost') return { type: 'lost' }
  for (const { oid, text } of output.files.values()) if (text !== undefined) texts.put(oid, text)
  return { type: 'committed', commit, subject: why.subject, reason: why.reason }
}

function* decisionTexts({ files }: RenderOutput, previous: PreviousTree | undefined): Iterable<string> {
  for (const [path, file] of files) {
    if (!path.startsWith('decisions/')) continue
    // A decision that is held comes without its text: it is the one of the previous tree.
    const text = file.text ?? previous?.decisions.get(path)
    if (text !== undefined) yield text
  }
}

function lostIn(texts: Iterable<string>): ReadonlySet<string> {
  const lost = new Set<string>()
  for (const text of texts) for (const cluster of parseDecision(text)?.lost ?? []) lost.add(cluster)
  return lost
}

/** The author of generated commits, as the Fleet names it. */
export function parseAuthor(author: string): { readonly name: string; readonly email: string } {
  const [, name = 'flotilla', email = 'flotilla@localhost'] = /^(.*?) <(.*)>$/.exec(author) ?? []
  return { name, email }
}
