import assert from 'node:assert/strict'
import { type Captured, capture } from '../../../reconciler/capture/capture.ts'
import { createRenderer, type Renderer } from '../../../reconciler/capture/copies.ts'
import type { HandMade } from '../../../reconciler/capture/take.ts'
import type { Json, KubeObject } from '../../../repo-layout/json.ts'
import { base, memoryTree, type Sources } from '../../render/helper.ts'

export const web = 'Deployment.apps/shop/web'

/** A field that somebody set by hand; gone where `live` is undefined. */
export function setByHand(path: string, live: Json | undefined, wanted?: Json): HandMade {
  return { path, live, wanted, manager: 'kubectl (scale)', from: 'live', at: '2026-11-24T03:00:00.000Z' }
}

/** A renderer of a fleet of `cluster1` to `cluster3` with one file of workloads. */
export function rendererOf(text: string, more: Sources = {}): Renderer {
  return createRenderer(memoryTree({ ...base, ...more, 'w.yaml': text }), async () => undefined)
}

/** Captures into `w.yaml`; the file as it is then where that is done. */
export async function captureInto(
  text: string,
  fields: readonly HandMade[],
  options: { readonly cluster?: string; readonly subject?: string; readonly more?: Sources } = {},
): Promise<Captured & { readonly text?: string }> {
  const { cluster = 'cluster1', subject = web, more } = options
  const files: Sources = { ...base, 'w.yaml': text, ...more }
  const result = await capture({ subject, cluster, fields }, rendererOf(text, more), async (path) => {
    const content = files[path]
    assert.ok(typeof content === 'string')
    return Buffer.from(content)
  })
  return result.type === 'captured' ? { ...result, text: Buffer.from(result.content).toString('utf8') } : result
}

/** The copy of an object in a cluster, as a file of workloads is rendered. */
export async function copyIn(text: string, cluster: string, subject = web): Promise<KubeObject> {
  const copy = (await rendererOf(text).render(new Map())).copy(cluster, subject)
  assert.ok(copy.type === 'copy', `${subject} in ${cluster} is ${copy.type}`)
  return copy.object
}
