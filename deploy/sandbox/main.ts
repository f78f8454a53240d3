import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { startSandbox } from './start.ts'

new Command('npm run sandbox --')
  .description('Runs member clusters in memory, behind HTTPS on loopback, until Ctrl-C.')
  .argument('[count]', 'how many; they are named cluster1 and so on', count, 1)
  .option('--kubeconfig <file>', 'where to write the kubeconfig', 'sandbox.kubeconfig')
  .option('--no-controllers', 'a bare API server: nothing brings workloads to their status')
  .action(up)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function up(clusters: number, options: { kubeconfig: string; controllers: boolean }): Promise<void> {
  const names = Array.from({ length: clusters }, (_, i) => `cluster${i + 1}`)
  const sandbox = await startSandbox({ clusters: names.map((name) => ({ name, controllers: options.controllers })) })
  // Whoever reads the file may do everything in these clusters.
  writeFileSync(options.kubeconfig, `${JSON.stringify(sandbox.kubeconfig(), null, 2)}\n`, { mode: 0o600 })
  const keepRunning = setInterval(() => undefined, 2 ** 30)
  const end = () => {
    clearInterval(keepRunning)
    void sandbox.stop()
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  process.stdout.write(`${clusters} clusters are ready. Try: kubectl --kubeconfig ${options.kubeconfig} get nodes\n`)
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0')
  return value
}
