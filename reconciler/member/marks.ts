import type { JsonObject } from '../../repo-layout/json.ts'
import { managedFieldsOf } from './fields.ts'
import { markOf } from './manifest.ts'
import { controllerOf } from './standard.ts'

/** By what a live object shows that another tool manages it. */
interface Mark {
  readonly tool: string
  readonly map: 'labels' | 'annotations'
  readonly key: string
  /** Absent any value. */
  readonly value?: string
  /** Counts only where such a manager wrote the object: others use the same key. */
  readonly manager?: RegExp
  /** Does not count where the wanted object carries it too: it is then what a template wrote. */
  readonly unlessWanted?: boolean
}

/** Whoever reads one of these marks will write the object again, or thinks that it alone may. */
const marks: readonly Mark[] = [
  { tool: 'Argo CD', map: 'annotations', key: 'argocd.argoproj.io/tracking-id' },
  { tool: 'Argo CD', map: 'labels', key: 'argocd.argoproj.io/instance' },
  // Tracking by label. Helm charts write this label as well, so it takes Argo CD's name among the managers.
  { tool: 'Argo CD', map: 'labels', key: 'app.kubernetes.io/instance', manager: /^argocd-/ },
  { tool: 'Flux', map: 'labels', key: 'kustomize.toolkit.fluxcd.io/name' },
  { tool: 'Flux', map: 'labels', key: 'helm.toolkit.fluxcd.io/name' },
  { tool: 'Helm', map: 'annotations', key: 'meta.helm.sh/release-name' },
  { tool: 'Helm', map: 'annotations', key: 'meta.helm.sh/release-namespace' },
  // `helm template` writes it too, and then it stands in Git.
  { tool: 'Helm', map: 'labels', key: 'app.kubernetes.io/managed-by', value: 'Helm', unlessWanted: true },
  { tool: 'kubefed', map: 'labels', key: 'kubefed.io/managed', value: 'true' },
]

/**
 * The other tool that manages a live object, by its marks or by its controller; undefined where none does. `wanted` is
 * what should stand in its place, where something should.
 */
export function managedBy(live: JsonObject, wanted?: JsonObject): string | undefined {
  const mark = marks.find((one) => carries(live, wanted, one))
  if (mark) return mark.tool
  const controller = controllerOf(live)
  return controller && `${String(controller.kind)} ${String(controller.name)}`
}

function carries(live: JsonObject, wanted: JsonObject | undefined, mark: Mark): boolean {
  const { map, key, value, manager, unlessWanted } = mark
  const found = markOf(live, map, key)
  if (found === undefined || (value !== undefined && found !== value)) return false
  if (unlessWanted && wanted && markOf(wanted, map, key) === found) return false
  return manager === undefined || managedFieldsOf(live).some((entry) => manager.test(entry.manager))
}
