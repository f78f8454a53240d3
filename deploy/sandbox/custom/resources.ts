import { isJsonObject, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import type { CustomParts, PrinterColumn, Resource, Subresource } from '../resources/resource.ts'
import type { OpenApiSchema } from '../schema/openapi.ts'
import { type Schema, schemaOf } from '../schema/schema.ts'

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const subVerbs = ['get', 'patch', 'update']
const objectMeta = '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** What a CustomResourceDefinition serves: a resource for each served version, all of one storage. */
export function resourcesOf(definition: KubeObject): readonly Resource[] {
  const spec = objectOf(definition.spec)
  const versions = listOf(spec.versions).map(objectOf)
  const storage = textOf(versions.find((version) => version.storage === true)?.name)
  return versions
    .filter((version) => version.served === true)
    .map((version) => resourceOf(definition.metadata.name, spec, version, storage))
}

function resourceOf(definition: string, spec: JsonObject, version: JsonObject, storageVersion: string): Resource {
  const names = objectOf(spec.names)
  const [group, plural, kind] = [textOf(spec.group), textOf(names.plural), textOf(names.kind)]
  const name = textOf(version.name)
  const apiVersion = `${group}/${name}`
  const openApi = objectOf(objectOf(version.schema).openAPIV3Schema) as OpenApiSchema
  const preserveUnknown = spec.preserveUnknownFields === true
  const subresources = objectOf(version.subresources)
  const scale = subresources.scale
  let schema: Schema | undefined
  return {
    group,
    version: name,
    apiVersion,
    kind,
    listKind: textOf(names.listKind) || `${kind}List`,
    plural,
    singular: textOf(names.singular) || kind.toLowerCase(),
    namespaced: spec.scope === 'Namespaced',
    verbs,
    shortNames: listOf(names.shortNames).map(String),
    categories: listOf(names.categories).map(String),
    subresources: [
      ...(isJsonObject(subresources.status) ? [sub('status', apiVersion, kind)] : []),
      ...(isJsonObject(scale) ? [sub('scale', 'autoscaling/v1', 'Scale')] : []),
    ],
    storage: `${plural}.${group}`,
    get schema() {
      schema ??= schemaOf(withMeta(openApi), preserveUnknown)
      return schema
    },
    custom: {
      definition,
      storageVersion: `${group}/${storageVersion}`,
      openApi,
      preserveUnknown,
      columns: listOf(version.additionalPrinterColumns) as unknown as readonly PrinterColumn[],
      ...(isJsonObject(scale) && { scale: scaleOf(scale) }),
    },
  }
}

function sub(name: string, apiVersion: string, kind: string): Subresource {
  return { name, apiVersion, kind, verbs: subVerbs }
}

function scaleOf(scale: JsonObject): NonNullable<CustomParts['scale']> {
  const selector = textOf(scale.labelSelectorPath)
  return {
    spec: textOf(scale.specReplicasPath),
    status: textOf(scale.statusReplicasPath),
    ...(selector !== '' && { selector }),
  }
}

/** Every object has these three fields, whatever its schema says of them. */
export function withMeta(openApi: OpenApiSchema): OpenApiSchema {
  return {
    ...openApi,
    type: 'object',
    properties: {
      ...openApi.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: objectMeta },
    },
  }
}
