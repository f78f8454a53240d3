import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { applicationText } from '../../../deploy/demo/fleet-files.ts'

describe('demo: what is rolled out', () => {
  it('is an Application as people wrote it for Shipper, byte for byte', async () => {
    assert.equal(await applicationText(), readFileSync('test/fixtures/article/application.yaml', 'utf8'))
  })
})
