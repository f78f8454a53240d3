import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lanesOf } from './lanes.ts'
import { buildProgram } from './program.ts'
import { runLanes } from './run-lanes.ts'

const test = join(import.meta.dirname, '..')
const named = process.argv.slice(2)
const all = readdirSync(test, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => `test/${path.replaceAll('\\', '/')}`)
  .sort()
const lanes = lanesOf(named.length === 0 ? all : named)
const { failed } = await runLanes(lanes, buildProgram(), (text) => process.stdout.write(text))
process.exitCode = failed === 0 ? 0 : 1
