import { getIn, type JsonObject } from '../../repo-layout/json.ts'
import { fleetLabel } from '../../repo-layout/schema/common.ts'
import { isRejected } from './errors.ts'
import { isEarlier } from './facts.ts'
import { asOurs } from './fields.ts'
import { ensureNamespace, inventoryLabel, inventoryNamespace } from './inventory.ts'
import { metadataText } from './manifest.ts'
import { inventoryName } from './shards.ts'
import type { Transport } from './transport.ts'

/** A ConfigMap of ours beside the inventory, in the member itself: one text of lines. */
export interface Companion {
  /** The text as far as it is known; empty where there is no ConfigMap. */
  text(): string
  /**
   * Writes what `change` makes of the present text, upon its resourceVersion; where somebody wrote meanwhile it reads and asks
   * `change` again. No request where nothing changes. Throws an `ApiError`; then what stands there is unknown.
   */
  update(change: (text: string) => string): Promise<void>
  /** Takes note of a ConfigMap that was watched; true where it is this one and newer than what was known. */
  saw(configMap: JsonObject): boolean
  /** Takes note of one that left the watch; true where it is this one and was there. */
  gone(configMap: JsonObject): boolean
}

/** What companions may be called: `flotilla-<fleet>-<suffix>`. */
export type CompanionName = 'pauses' | 'history'

/** How often a write is tried anew that others were faster than. */
const mostTries = 5

/** Makes a companion of the ConfigMaps that were listed with the inventory; no request. */
export function createCompanion(
  transport: Transport,
  fleetName: string,
  suffix: CompanionName,
  listed: readonly JsonObject[],
): Companion {
  const name = `${inventoryName(fleetName)}-${suffix}`
  const collection = `/api/v1/namespaces/${inventoryNamespace}/configmaps`
  let known: JsonObject | undefined = listed.find(isThis)
  /** The newest state that was known, also after it was deleted: what is watched may be older than our own write. */
  let newest = versionOf(known)

  function isThis(configMap: JsonObject): boolean {
    return metadataText(configMap, 'name') === name && metadataText(configMap, 'namespace') === inventoryNamespace
  }

  function take(configMap: JsonObject | undefined): void {
    known = configMap
    if (configMap) newest = versionOf(configMap)
  }

  async function read(): Promise<void> {
    try {
      take((await transport.request('GET', `${collection}/${name}`)).json)
    } catch (error) {
      if (!isRejected(error, 404)) throw error
      take(undefined)
    }
  }

  async function write(entries: string): Promise<void> {
    const metadata = {
      name,
      namespace: inventoryNamespace,
      labels: { [inventoryLabel]: fleetName, [fleetLabel]: fleetName },
      ...(known ? { resourceVersion: versionOf(known) } : {}),
    }
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { entries } }
    const { json } = known
      ? await transport.request('PUT', `${collection}/${name}`, { query: asOurs, body })
      : await transport.request('POST', collection, { query: asOurs, body })
    take(json)
  }

  const text = () => String((known && getIn(known, ['data', 'entries'])) ?? '')

  return {
    text,
    async update(change) {
      for (let tries = 1; ; tries++) {
        const next = change(text())
        if (next === text()) return
        try {
          return await write(next)
        } catch (error) {
          if (tries >= mostTries || !(isRejected(error, 409) || isRejected(error, 404))) throw error
          if (isRejected(error, 404)) await ensureNamespace(transport)
          await read()
        }
      }
    },
    saw(configMap) {
      if (!isThis(configMap) || versionOf(configMap) === newest || isEarlier(versionOf(configMap), newest)) return false
      take(configMap)
      return true
    },
    gone(configMap) {
      if (!known || !isThis(configMap) || isEarlier(versionOf(configMap), versionOf(known))) return false
      take(undefined)
      return true
    },
  }
}

function versionOf(configMap: JsonObject | undefined): string {
  return configMap ? metadataText(configMap, 'resourceVersion') : ''
}
