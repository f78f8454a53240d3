import type { z } from 'zod'
import { errorAt, type SourceDocument, warningAt } from '../document.ts'
import { getIn } from '../json.ts'
import type { Message } from '../message.ts'
import { checkSchema } from '../schema/check.ts'
import { type Fleet, fleetSchema } from '../schema/fleet.ts'
import { federatedSchema, type PreferenceDocument, preferenceSchema, typeConfigSchema } from '../schema/kubefed.ts'
import { classify, explainUnsupported } from './classify.ts'
import { type ClusterItem, type RegistryItem, readCluster, readRegistryCluster } from './clusters.ts'
import type { SourceFile } from './file.ts'
import { type RolloutItems, readRollout } from './rollouts.ts'

/** A one-object federated workload as it stands in its document. */
export type FederatedDocument = z.infer<typeof federatedSchema>

/** A FederatedTypeConfig as it stands in its document. */
export type TypeConfigDocument = z.infer<typeof typeConfigSchema>

/**
 * A document with what it was read as. `value` is missing where the document is in error: whatever it stands for is
 * then held as it is.
 */
export interface Item<T> {
  readonly document: SourceDocument
  readonly value: T | undefined
}

/** Everything a file says, by kind; made once for each content of the file. */
export interface FileItems {
  readonly file: SourceFile
  readonly fleets: readonly Item<Fleet>[]
  readonly clusters: readonly ClusterItem[]
  readonly registry: readonly RegistryItem[]
  readonly federated: readonly Item<FederatedDocument>[]
  readonly preferences: readonly Item<PreferenceDocument>[]
  readonly typeConfigs: readonly Item<TypeConfigDocument>[]
  readonly rollouts: readonly RolloutItems[]
  /** Objects of other kinds: federated kinds of a type config, or nothing that is placed. */
  readonly plain: readonly SourceDocument[]
  /** Documents of a group that is read, of a kind that is not. */
  readonly unsupported: readonly SourceDocument[]
  readonly messages: readonly Message[]
}

/** Sorts the documents of a file by kind and checks each against its schema. */
export function interpretFile(file: SourceFile): FileItems {
  const fleets: Item<Fleet>[] = []
  const clusters: ClusterItem[] = []
  const registry: RegistryItem[] = []
  const federated: Item<FederatedDocument>[] = []
  const preferences: Item<PreferenceDocument>[] = []
  const typeConfigs: Item<TypeConfigDocument>[] = []
  const rollouts: RolloutItems[] = []
  const plain: SourceDocument[] = []
  const unsupported: SourceDocument[] = []
  const messages: Message[] = [...file.messages]

  function check<T>(schema: z.ZodType<T>, document: SourceDocument): Item<T> {
    const checked = checkSchema(schema, document)
    messages.push(...checked.messages)
    return { document, value: checked.value }
  }

  for (const document of file.documents) {
    const type = classify(document.value)
    switch (type) {
      case 'fleet':
        fleets.push(check(fleetSchema, document))
        break
      case 'cluster':
      case 'kubefedCluster':
      case 'federatedCluster':
      case 'shipperCluster': {
        const item = readCluster(type, document)
        messages.push(...item.messages)
        clusters.push(item)
        break
      }
      case 'registryCluster': {
        const item = readRegistryCluster(document)
        messages.push(...item.messages)
        registry.push(item)
        break
      }
      case 'application':
      case 'release':
      case 'rolloutBlock': {
        const read = readRollout(type, document)
        messages.push(...read.messages)
        rollouts.push(read.items)
        break
      }
      case 'federated':
        federated.push(check(federatedSchema, document))
        break
      case 'preference':
        preferences.push(check(preferenceSchema, document))
        break
      case 'typeConfig':
        typeConfigs.push(check(typeConfigSchema, document))
        break
      case 'runtime':
        messages.push(warningAt(document, [], 'unsupported', `${String(document.value.kind)} has no effect here`))
        break
      case 'unsupported':
        unsupported.push(document)
        messages.push(errorAt(document, ['kind'], 'unsupported', explainUnsupported(document.value)))
        break
      case 'plain':
        plain.push(document)
        break
    }
  }
  return {
    file,
    fleets,
    clusters,
    registry,
    federated,
    preferences,
    typeConfigs,
    rollouts,
    plain,
    unsupported,
    messages,
  }
}

/** A federated document of a kind that only a FederatedTypeConfig names. */
export function interpretFederated(
  document: SourceDocument,
): Item<FederatedDocument> & { messages: readonly Message[] } {
  const { value, messages } = checkSchema(federatedSchema, document)
  return { document, value, messages }
}

/** `metadata.namespace` and `metadata.name` of a document that may be in error; undefined where they cannot be read. */
export function identityOf(document: SourceDocument): { namespace: string | undefined; name: string | undefined } {
  const text = (path: readonly string[]) => {
    const value = getIn(document.value, path)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return { namespace: text(['metadata', 'namespace']), name: text(['metadata', 'name']) }
}
