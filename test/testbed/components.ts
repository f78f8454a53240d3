import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One program that tests start for real, or files that they use, and how it is built from its pinned Go module. */
export interface Component {
  /** The name of the binary, if it has one. */
  readonly name: string
  readonly version: string
  /** The folder of its module below `components/`. */
  readonly module: string
  /** What is handed to `go build`; left out where there are only files. */
  readonly package?: string
  /** Values of `-X` for the linker: a binary without them reports no version. */
  readonly stamps?: Readonly<Record<string, string>>
  readonly tags?: readonly string[]
  readonly cgo?: boolean
  /** Folders of Go modules that the program reads while it runs; copied beside the binary. */
  readonly data?: readonly { readonly module: string; readonly folders: readonly string[] }[]
  /** Built only where it is asked for by name: no test needs it. */
  readonly onlyNamed?: boolean
}

const kubernetes = '1.35.4'

/** Every component, cheapest need first: the ones that most suites wait for are built before the others. */
export const components: readonly Component[] = [
  { name: 'etcd', version: 'v3.6.8', module: 'etcd', package: '.' },
  ...['kube-apiserver', 'kubectl', 'kube-controller-manager', 'kube-scheduler'].map(kubernetesComponent),
  {
    name: 'kwok',
    version: 'v0.7.0',
    module: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
  },
  {
    name: 'gitea',
    version: 'v1.26.0',
    module: 'gitea',
    package: 'code.gitea.io/gitea',
    stamps: { 'main.Version': '1.26.0' },
    tags: ['sqlite', 'sqlite_unlock_notify', 'timetzdata'],
    cgo: true,
    data: [{ module: 'code.gitea.io/gitea', folders: ['templates', 'options', 'public'] }],
  },
  // Evaluates the shipped alerts. Without service discovery, which rules do not need and which is most of its code.
  {
    name: 'promtool',
    version: 'v3.13.3',
    module: 'promtool',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    tags: ['remove_all_sd'],
  },
  // Fills clusters with releases, as people do before Flotilla comes.
  {
    name: 'helm',
    version: 'v4.2.1',
    module: 'helm',
    package: 'helm.sh/helm/v4/cmd/helm',
    stamps: { 'helm.sh/helm/v4/internal/version.version': 'v4.2.1' },
  },
  // Holds charts, as registries of containers do.
  {
    name: 'registry',
    version: 'v3.0.0',
    module: 'registry',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    stamps: { 'github.com/distribution/distribution/v3/version.version': 'v3.0.0' },
  },
  // The kinds of gateways and meshes through which rollouts divide traffic: Gateway API 1.5.1, Istio 1.31.4.
  {
    name: 'route-definitions',
    version: 'gateway-v1.5.1-istio-v1.31.4',
    module: 'route-definitions',
    data: [
      { module: 'sigs.k8s.io/gateway-api', folders: ['config/crd/standard'] },
      { module: 'istio.io/api', folders: ['kubernetes'] },
    ],
  },
  // The peer in the benchmark.
  {
    name: 'kustomize-controller',
    version: 'v1.9.6',
    module: 'kustomize-controller',
    package: 'github.com/fluxcd/kustomize-controller',
    data: [{ module: 'github.com/fluxcd/kustomize-controller', folders: ['config/crd/bases'] }],
    onlyNamed: true,
  },
]

function kubernetesComponent(name: string): Component {
  const [major = '', minor = ''] = kubernetes.split('.')
  const stamp = 'k8s.io/component-base/version'
  return {
    name,
    version: `v${kubernetes}`,
    module: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    stamps: { [`${stamp}.gitVersion`]: `v${kubernetes}`, [`${stamp}.gitMajor`]: major, [`${stamp}.gitMinor`]: minor },
  }
}

/** The component of that name, or undefined where the testbed has none. */
export function findComponent(name: string): Component | undefined {
  return components.find((component) => component.name === name)
}

/** The folder with the component's `go.mod` and `go.sum`. */
export function moduleFolder(component: Component): string {
  return fileURLToPath(new URL(`./components/${component.module}/`, import.meta.url))
}

/**
 * Where built components are kept: `FLOTILLA_TESTBED_CACHE`, else `flotilla-testbed` in the user's cache folder. It is
 * outside the checkout, so that a clean clone or another work tree finds what was built before.
 */
export function cacheFolder(): string {
  const own = process.env.FLOTILLA_TESTBED_CACHE
  if (own !== undefined && own !== '') return own
  const xdg = process.env.XDG_CACHE_HOME
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'flotilla-testbed')
}

/** The cache folder of one component: its name, version, operating system and architecture in Go's words. */
export function componentFolder(component: Component): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  return join(cacheFolder(), `${component.name}-${component.version}-${os}-${arch}`)
}
