import { annotations, ownApiVersion } from '../../repo-layout/schema/common.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'

/** A member cluster that `init` is told of. */
export interface NewCluster {
  readonly name: string
  /** Absolute path of the kubeconfig, on the machine that the daemon runs on. */
  readonly kubeConfig: string
  readonly context: string | undefined
}

/** `flotilla.yaml`. The uid tells this fleet from another of the same name for as long as it lives. */
export function fleetFile(name: string, uid: string): string {
  return `# The settings of the fleet; everything else has a default: flotilla schema Fleet
${stringifyYaml({
  apiVersion: ownApiVersion,
  kind: 'Fleet',
  metadata: { name, annotations: { [annotations.fleetUid]: uid } },
})}`
}

/** The file of one member cluster. */
export function clusterFile({ name, kubeConfig, context }: NewCluster): string {
  return stringifyYaml({
    apiVersion: ownApiVersion,
    kind: 'Cluster',
    metadata: { name },
    spec: { connection: { kubeConfigFile: { path: kubeConfig, ...(context === undefined ? {} : { context }) } } },
  })
}

/** A workload to begin with: small, and on every cluster. */
export function exampleFile(): string {
  const labels = { app: 'hello' }
  return `# An example: one Deployment on every cluster. Change it, or delete it.
${stringifyYaml({
  apiVersion: 'types.kubefed.io/v1beta1',
  kind: 'FederatedDeployment',
  metadata: { name: 'hello', namespace: 'hello' },
  spec: {
    template: {
      metadata: { labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'hello',
                image: 'nginx',
                resources: { requests: { cpu: '1m', memory: '8Mi' }, limits: { memory: '32Mi' } },
              },
            ],
          },
        },
      },
    },
    placement: { clusterSelector: {} },
  },
})}`
}

/** The first page of the repository, with what to do next. */
export function readmeFile(name: string): string {
  return `# ${name}

What runs on the clusters of this fleet, kept by Flotilla: \`flotilla validate --source .\` checks it,
\`flotilla render --source . --out /tmp/${name}\` shows what each cluster would run, and once this is pushed,
\`flotilla run\` keeps the clusters so.

- \`flotilla.yaml\`: the settings of the fleet
- \`clusters/\`: one file for each member cluster
- \`workloads/\`: what runs on them, and where
`
}
