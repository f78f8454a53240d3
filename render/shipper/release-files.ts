import type { KubeObject } from '../../repo-layout/json.ts'
import { labels } from './rollout.ts'

/**
 * Whether what is known of a release hangs on an object: its own, those that all share while it leads, and the Service that
 * says the weights. What another release has made of the rest says nothing about this one.
 */
export function isAbout({ metadata }: KubeObject, release: string): boolean {
  return metadata.labels?.[labels.release] === release || isProduction(metadata)
}

function isProduction({ labels: own }: KubeObject['metadata']): boolean {
  return own?.[labels.loadBalancer] === 'production'
}
