import { z } from 'zod'
import type { Json, JsonObject } from '../json.ts'
import { isJsonObject } from '../json.ts'
import { clusterSchema } from './cluster.ts'
import { exactLabelSelector } from './common.ts'
import { fleetSchema } from './fleet.ts'
import {
  federatedClusterSchema,
  federatedSchema,
  kubefedClusterSchema,
  overrideSchema,
  preferenceSchema,
  registryClusterSchema,
  shipperClusterSchema,
  typeConfigSchema,
} from './kubefed.ts'
import { applicationSchema, releaseSchema, rolloutBlockSchema } from './shipper.ts'

const draft = 'https://json-schema.org/draft/2020-12/schema'

interface Entry {
  /** What the schema is called; the kind, where that says enough. */
  readonly name: string
  readonly title: string
  readonly schema: z.ZodType
  /** Tells the kind's documents from those of others. */
  readonly marks: { readonly apiVersion: Json; readonly kind: Json }
}

const groups = (name: string) => ({
  pattern: `^${name}\\.(federation\\.k8s|kubefed\\.k8s|kubefed)\\.io/v1(alpha1|beta1)$`,
})

const own = (kind: string) => ({ apiVersion: { const: 'flotilla.dev/v1alpha1' }, kind: { const: kind } })

const shipper = (kind: string) => ({
  apiVersion: { pattern: '^shipper\\.booking\\.com/' },
  kind: { const: kind },
})

const entries: readonly Entry[] = [
  { name: 'Fleet', title: 'The settings of a fleet', schema: fleetSchema, marks: own('Fleet') },
  { name: 'Cluster', title: 'A member cluster', schema: clusterSchema, marks: own('Cluster') },
  {
    name: 'Federated',
    title: 'An object for many clusters, with its placement and overrides (kubefed)',
    schema: federatedForEditors(),
    marks: { apiVersion: groups('types'), kind: { pattern: '^Federated[A-Z]' } },
  },
  {
    name: 'ReplicaSchedulingPreference',
    title: 'How replicas are divided over clusters (kubefed)',
    schema: preferenceSchema,
    marks: { apiVersion: groups('scheduling'), kind: { const: 'ReplicaSchedulingPreference' } },
  },
  {
    name: 'FederatedTypeConfig',
    title: 'A kind that may be federated (kubefed)',
    schema: typeConfigSchema,
    marks: { apiVersion: groups('core'), kind: { const: 'FederatedTypeConfig' } },
  },
  {
    name: 'KubeFedCluster',
    title: 'A member cluster (kubefed)',
    schema: kubefedClusterSchema,
    marks: { apiVersion: groups('core'), kind: { const: 'KubeFedCluster' } },
  },
  {
    name: 'FederatedCluster',
    title: 'A member cluster (kubefed before v0.1)',
    schema: federatedClusterSchema,
    marks: { apiVersion: groups('core'), kind: { const: 'FederatedCluster' } },
  },
  {
    name: 'RegistryCluster',
    title: 'The address of a FederatedCluster (cluster registry)',
    schema: registryClusterSchema,
    marks: { apiVersion: { pattern: '^clusterregistry\\.k8s\\.io/' }, kind: { const: 'Cluster' } },
  },
  {
    name: 'ShipperCluster',
    title: 'A member cluster (Shipper)',
    schema: shipperClusterSchema,
    marks: shipper('Cluster'),
  },
  {
    name: 'Application',
    title: 'A chart that is rolled out step by step (Shipper)',
    schema: applicationSchema,
    marks: shipper('Application'),
  },
  {
    name: 'Release',
    title: 'The step that a release is to be at (Shipper)',
    schema: releaseSchema,
    marks: shipper('Release'),
  },
  {
    name: 'RolloutBlock',
    title: 'Keeps applications from being rolled out (Shipper)',
    schema: rolloutBlockSchema,
    marks: shipper('RolloutBlock'),
  },
]

/** What a reader checks piece by piece, so that one bad selector or override stops no more than it must, is said in full. */
function federatedForEditors(): z.ZodType {
  const spec = federatedSchema.shape.spec.unwrap().unwrap()
  const placement = spec.shape.placement.unwrap().unwrap()
  const clusterSelector = exactLabelSelector.nullish()
  return federatedSchema.extend({
    spec: spec
      .extend({
        placement: placement.extend({ clusterSelector }).nullish(),
        overrides: z.array(overrideSchema.safeExtend({ clusterSelector })).nullish(),
      })
      .nullish(),
  })
}

/** What `jsonSchema` takes, for messages; `Federated<Kind>` stands for every such kind. */
export const schemaNames: readonly string[] = entries.map(({ name }) =>
  name === 'Federated' ? 'Federated<Kind>' : name,
)

/**
 * The JSON Schema (draft 2020-12) of a kind as it is written in a fleet repository, with defaults left to the reader; one
 * for every kind where none is named. Undefined for a kind that has no schema.
 */
export function jsonSchema(kind?: string): JsonObject | undefined {
  if (kind === undefined) {
    return {
      $schema: draft,
      title: 'A document of a Flotilla fleet repository',
      oneOf: entries.map(({ name }) => ({ $ref: `#/$defs/${name}` })),
      $defs: Object.fromEntries(entries.map((entry) => [entry.name, schemaOf(entry, entry.marks.kind)])),
    }
  }
  const exact = entries.find(({ name }) => name === kind && name !== 'Federated')
  if (exact) return { $schema: draft, ...schemaOf(exact, exact.marks.kind) }
  const federated = entries.find(({ name }) => name === 'Federated')
  if (!federated || !/^Federated([A-Z]|<Kind>$|$)/.test(kind)) return undefined
  const any = kind === 'Federated' || kind === 'Federated<Kind>'
  return { $schema: draft, ...schemaOf(federated, any ? federated.marks.kind : { const: kind }) }
}

function schemaOf({ title, schema, marks }: Entry, kind: Json): JsonObject {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject
  const properties = isJsonObject(made.properties) ? made.properties : {}
  const named = { ...properties, apiVersion: { type: 'string', ...asObject(marks.apiVersion) } }
  return { title, ...made, properties: { ...named, kind: { type: 'string', ...asObject(kind) } } }
}

function asObject(value: Json): JsonObject {
  return isJsonObject(value) ? value : {}
}
