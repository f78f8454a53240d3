import { applyingCases } from './applying.ts'
import { customCases } from './custom.ts'
import { readingCases } from './reading.ts'
import { scalingCases } from './scaling.ts'
import { serviceCases } from './services.ts'
import type { GetTarget } from './target.ts'
import { workloadCases } from './workloads.ts'
import { writingCases } from './writing.ts'

/**
 * Everything that the sandbox claims of Kubernetes, written from Kubernetes' documented behaviour. `plain` is an API server
 * alone; `full` has controllers and a node.
 */
export function conformanceCases(plain: GetTarget, full: GetTarget): void {
  describe('reading', () => readingCases(plain))
  describe('writing', () => writingCases(plain))
  describe('applying', () => applyingCases(plain))
  describe('scaling', () => scalingCases(plain))
  describe('services', () => serviceCases(plain))
  describe('custom resources', () => customCases(plain))
  describe('workloads', () => workloadCases(full))
}
