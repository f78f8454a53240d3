import type { PreviousTree } from '../../render/input.ts'
import { decisionPath, parseDecision } from '../../render/kubefed/decision.ts'
import { createMemo } from '../../render/memo.ts'
import { render, sortMessages } from '../../render/render.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import { subjectPath } from '../../repo-layout/generated/path.ts'
import { isJsonObject, type KubeObject } from '../../repo-layout/json.ts'
import type { Message } from '../../repo-layout/message.ts'
import { nothingObserved } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'

/** A source as it was rendered. */
export interface Rendering {
  /** Undefined where nothing can be rendered; the messages say why. */
  readonly source: FleetSource | undefined
  /** Blob id of each generated file by path. */
  readonly oids: ReadonlyMap<string, string>
  readonly messages: readonly Message[]
  /** The copy of an object in a cluster. */
  copy(cluster: string, subject: Subject): Copy
}

/** The copy of an object in one cluster, as it is rendered. */
export type Copy =
  | {
      readonly type: 'copy'
      readonly object: KubeObject
      /** Its path in the generated tree, and the source file that it comes from. */
      readonly path: string
      readonly file: string
      /** The file of the preference that divides its replicas; undefined where none does. */
      readonly dividedBy: string | undefined
    }
  /** It stays as it was: what it comes from is in error. */
  | { readonly type: 'held' }
  | { readonly type: 'none' }

/** Renders a source again and again, with some files changed. */
export interface Renderer {
  render(changed: ReadonlyMap<string, Uint8Array>): Promise<Rendering>
}

/**
 * Makes a renderer of a source upon a generated tree. Nothing is observed, so that what a decision read holds: two renderings
 * differ only by what was changed.
 */
export function createRenderer(
  tree: SourceTree,
  readPrevious: (withSources: boolean) => Promise<PreviousTree | undefined>,
): Renderer {
  const reader = createFleetReader()
  const memo = createMemo()
  return {
    async render(changed) {
      const { source, messages } = await reader.read(changedTree(tree, changed))
      if (!source) return { source, oids: new Map(), messages: sortMessages(messages), copy: () => ({ type: 'none' }) }
      const previous = await readPrevious(source.holds.files.size > 0)
      const output = render({ source, previous, observations: nothingObserved }, memo)
      return {
        source,
        oids: new Map([...output.files].map(([path, { oid }]) => [path, oid] as const)),
        messages: sortMessages([...messages, ...output.messages]),
        copy(cluster, subject) {
          const path = subjectPath(cluster, subject) ?? ''
          const made = output.files.get(path)
          if (!made) return { type: 'none' }
          const file = made.text === undefined ? undefined : sourceOfGenerated(made.text)
          const object = made.object ?? objectIn(made.text)
          if (object === undefined || file === undefined) return { type: 'held' }
          const decided = decisionPath(subject)
          const decision = output.files.get(decided)
          const text = decision && (decision.text ?? previous?.decisions.get(decided) ?? '')
          return { type: 'copy', object, path, file, dividedBy: text && (parseDecision(text)?.source ?? decided) }
        },
      }
    },
  }
}

function objectIn(text: string | undefined): KubeObject | undefined {
  const value = text === undefined ? undefined : firstDocument(text)
  return isJsonObject(value) ? (value as KubeObject) : undefined
}

function changedTree(tree: SourceTree, changed: ReadonlyMap<string, Uint8Array>): SourceTree {
  return {
    async list() {
      const entries = await tree.list()
      return entries.map((entry) => {
        const bytes = changed.get(entry.path)
        return bytes === undefined ? entry : { ...entry, oid: blobOid(bytes) }
      })
    },
    async read(entry) {
      return changed.get(entry.path) ?? tree.read(entry)
    },
  }
}
