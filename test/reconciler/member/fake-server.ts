import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeServerCertificate } from '../../../deploy/sandbox/listen/certificate.ts'
import type { Json } from '../../../repo-layout/json.ts'

/** A request as it arrived at a fake server. */
export interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An HTTPS server on loopback that answers as a test says. */
export interface FakeServer {
  readonly url: string
  /** PEM of the authority that signed its certificate. */
  readonly ca: string
  readonly requests: readonly Arrived[]
  /** How many connections were ever opened. */
  readonly connections: () => number
}

/** Answers one request; whatever it does not end is ended by the test. */
export type Answer = (request: Arrived, response: ServerResponse) => void

/** Runs a test with a fake server and closes it with all its connections whatever happens. */
export async function withServer<T>(
  answer: Answer,
  test: (server: FakeServer) => Promise<T>,
  certificate: { readonly hosts?: readonly string[]; readonly madeAt?: number } = {},
): Promise<T> {
  const { hosts = ['127.0.0.1'], madeAt = Date.now() } = certificate
  const { key, cert, ca } = makeServerCertificate(hosts, madeAt)
  const requests: Arrived[] = []
  let connections = 0
  const server = createServer({ key, cert: `${cert}${ca}` }, (request, response) => {
    const { method = '', url = '', headers } = request
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const arrived = { method, url, headers, body }
      requests.push(arrived)
      answer(arrived, response)
    })
  })
  server.on('secureConnection', () => {
    connections++
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await test({ url: `https://127.0.0.1:${port}`, ca, requests, connections: () => connections })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Ends a response with JSON. */
export function json(
  response: ServerResponse,
  body: Json,
  status = 200,
  headers: { [name: string]: string } = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
