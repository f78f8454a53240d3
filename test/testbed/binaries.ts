import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { componentFolder, findComponent } from './components.ts'
import { leaveOut } from './left-out.ts'

/** What a suite with real processes may take before mocha calls it hung: a first start builds nothing but is slow. */
const realTimeoutMs = 120_000

/**
 * The path of a component's executable, or of its folder where it has files alone; undefined where there is none. `KUBEBUILDER_ASSETS` is looked at first, so
 * that a folder which someone already has for other Kubernetes tests serves here too; then the testbed's own cache.
 */
export function findBinary(name: string): string | undefined {
  const component = findComponent(name)
  const assets = process.env.KUBEBUILDER_ASSETS
  const places = [
    ...(assets === undefined || assets === '' ? [] : [join(assets, name)]),
    ...(component === undefined ? onPath(name) : [join(componentFolder(component), component.package ? name : '')]),
  ]
  return places.find(isExecutable)
}

/** What is no component of the testbed (`git`) comes from the machine. */
function onPath(name: string): string[] {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
}

/** The path of a component's executable; throws an error that says how to build it where there is none. */
export function requireBinary(name: string): string {
  const path = findBinary(name)
  if (path === undefined) throw new Error(`${name} is not built: run "npm run testbed -- build ${name}"`)
  return path
}

/** Whether `FLOTILLA_REQUIRE_REAL=1` makes a missing component an error, as it is in CI. */
export function realIsRequired(): boolean {
  return process.env.FLOTILLA_REQUIRE_REAL === '1'
}

/**
 * Tells whether every named component is there. Where one is missing it is false, or an error that names what is
 * missing if `FLOTILLA_REQUIRE_REAL=1`.
 */
export function requireReal(needs: readonly string[]): boolean {
  const missing = needs.filter((name) => findBinary(name) === undefined)
  if (missing.length === 0) return true
  if (!realIsRequired()) return false
  throw new Error(`not built: ${missing.join(', ')}. Run "npm run testbed -- build ${missing.join(' ')}"`)
}

/**
 * A mocha suite that needs real components. Where one is missing the suite is left out and named at the end of the
 * run, or fails if `FLOTILLA_REQUIRE_REAL=1`; it never passes in silence. Its time limit is two minutes a test or hook.
 */
export function describeReal(title: string, needs: readonly string[], suite: (this: Mocha.Suite) => void): void {
  const missing = needs.filter((name) => findBinary(name) === undefined)
  if (missing.length > 0 && !realIsRequired()) {
    leaveOut({ title, missing })
    return
  }
  describe(title, function () {
    this.timeout(realTimeoutMs)
    if (missing.length === 0) suite.call(this)
    else {
      // A failing test, not an error while the files load: the rest of the run still happens and is counted.
      it('finds the components that it needs', () => {
        requireReal(needs)
      })
    }
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
