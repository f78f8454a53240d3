import type { Charts } from '../../../render/charts.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import { testCharts } from './rehearsal.ts'

/** An inventory document of Shipper, in region `local`. */
export function shipperCluster(name: string): string {
  return `apiVersion: shipper.booking.com/v1alpha1\nkind: Cluster\nmetadata: {name: ${name}}\nspec: {region: local}\n`
}

/** The chart of the article as Helm renders it: one Deployment named after the release, one Service `nginx`. */
export function nginxCharts(more: (release: string, version: string) => readonly KubeObject[] = () => []): Charts {
  return testCharts(({ release, version, values: { replicaCount, podAnnotations, resources } }) => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'nginx', labels: { app: 'nginx' } },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 'http' }], selector: { app: 'nginx' } },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${release}-nginx` },
      spec: {
        replicas: Number(replicaCount ?? 1),
        selector: { matchLabels: {} },
        template: {
          metadata: { labels: { app: 'nginx' }, ...(podAnnotations ? { annotations: podAnnotations } : {}) },
          spec: {
            containers: [{ name: 'nginx', image: `bitnami/nginx:${version}`, ...(resources ? { resources } : {}) }],
          },
        },
      },
    },
    ...more(release, version),
  ])
}

/** The same charts, their Service by the name that a version has for it; undefined for none. */
export function withServices(charts: Charts, nameOf: (version: string) => string | undefined): Charts {
  return {
    ...charts,
    render(request) {
      const rendering = charts.render(request)
      if (rendering?.type !== 'rendered') return rendering
      const name = nameOf(request.chart.version)
      const objects = rendering.objects.flatMap((object) => {
        if (object.kind !== 'Service') return [object]
        return name === undefined ? [] : [{ ...object, metadata: { ...object.metadata, name } }]
      })
      return { ...rendering, objects }
    },
  }
}

/** A Release that has a release go to a step, by number or name. */
export function command(step: number | string, release: string): string {
  return `apiVersion: shipper.booking.com/v1alpha1
kind: Release
metadata: {name: ${release}}
spec: {targetStep: ${step}}
`
}
