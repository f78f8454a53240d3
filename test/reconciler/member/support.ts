import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { createMember } from '../../../reconciler/member/member.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import type {
  DesiredObject,
  DesiredState,
  Member,
  MemberSettings,
  ObjectStatus,
} from '../../../reconciler/member/types.ts'
import { blobOid } from '../../../repo-layout/generated/oid.ts'
import { getIn, type Json, type JsonObject, type JsonPath, type KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'

/** Logs nothing, unless FLOTILLA_TEST_LOG says what level. */
export const log = pino({ level: process.env.FLOTILLA_TEST_LOG ?? 'silent' })

let counter = 0

/** A name that no other test of this run uses. */
export function unique(prefix: string): string {
  return `${prefix}-${process.pid}-${++counter}`
}

/** The settings of a fleet with all defaults, named so that no other test's fleet is in the way. */
export function settings(change: Partial<MemberSettings> = {}): MemberSettings {
  const name = unique('fleet')
  return {
    fleetName: name,
    fleetUid: `uid-${name}`,
    suspended: false,
    sync: { drift: 'Heal', adopt: 'IfNoDiff', overrideManagers: [], prune: true, timeout: '10m' },
    ignoreDifferences: [],
    mayDelete: { has: () => true },
    ...change,
  }
}

/** A desired state of these objects; equal objects have equal ids. */
export function desired(...objects: readonly KubeObject[]): DesiredState {
  const entries = objects.map((object): [string, DesiredObject] => {
    const text = JSON.stringify(object)
    const subject = subjectOf(object)
    return [subject, { subject, oid: blobOid(text), source: 'app.yaml', object }]
  })
  const commit = blobOid(JSON.stringify(entries.map(([, { oid }]) => oid)))
  return { commit, tree: `sha256:${commit}`, objects: new Map(entries) }
}

/** The way to a control plane, as the daemon connects it. */
export function transportOf(plane: ControlPlane): Transport {
  const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
  const cluster = { name: plane.name, connection, proxyURL: '', serviceAccountName: '' }
  return connect(cluster, { clock: systemClock, readSecret: async () => undefined })
}

/** A member over a real control plane. */
export function memberOf(plane: ControlPlane, change: Partial<Parameters<typeof createMember>[0]> = {}): Member {
  return createMember({ cluster: plane.name, transport: transportOf(plane), clock: systemClock, log, ...change })
}

/** Runs a test with a member and stops it whatever happens. */
export async function withMember<T>(plane: ControlPlane, test: (member: Member) => Promise<T>): Promise<T> {
  const member = memberOf(plane)
  try {
    return await test(member)
  } finally {
    await member.stop()
  }
}

/** Sets what is wanted and waits until all of it was tried. */
export async function apply(member: Member, state: DesiredState, set: MemberSettings): Promise<void> {
  member.setDesired(state, set)
  await member.settled()
}

/** The status of one object; fails where it is not known. */
export function objectOf(member: Member, subject: string): ObjectStatus {
  const found = member.status().objects.find((object) => object.subject === subject)
  if (!found) throw new Error(`${subject} is not in the status`)
  return found
}

/** Waits until a question has an answer other than undefined and false, at most `limit` milliseconds. */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  limit = 15_000,
): Promise<T> {
  for (const until = Date.now() + limit; ; ) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > until) throw new Error(`${what} did not happen within ${limit} ms`)
    await pause(20)
  }
}

/** Reads an object; undefined where there is none. */
export async function read(plane: ControlPlane, path: string): Promise<KubeObject | undefined> {
  const { status, body } = await plane.request('GET', path)
  if (status === 404) return undefined
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
  return body as KubeObject
}

/** Sends something and fails unless it was taken. */
export async function send(
  plane: ControlPlane,
  method: string,
  path: string,
  body?: Json,
  headers?: Readonly<Record<string, string>>,
): Promise<KubeObject> {
  const answer = await plane.request(method, path, body, headers)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body as KubeObject
}

/** The value at a path of an object of the cluster. */
export async function valueAt(plane: ControlPlane, path: string, at: JsonPath): Promise<Json | undefined> {
  return getIn(await read(plane, path), at)
}

/** The names of the requests that users other than the test's own sent for a namespace, since a place in the audit log. */
export function requestsSince(plane: ControlPlane, from: number, test: (uri: string) => boolean): string[] {
  return plane
    .auditEntries()
    .slice(from)
    .filter(
      ({ user, requestURI, stage }) => user.username === 'admin' && stage === 'ResponseComplete' && test(requestURI),
    )
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
}

export function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
}

export function configMap(
  ns: string,
  name: string,
  data: { readonly [key: string]: string },
  more: JsonObject = {},
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: ns, ...more }, data }
}

export function deployment(ns: string, name: string, change: JsonObject = {}, podSpec: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: ns, labels: { app: name, team: 'web' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'nginx:1',
              args: ['a', 'b'],
              ports: [{ containerPort: 80 }],
              resources: {},
              env: [
                { name: 'A', value: '1' },
                { name: 'B', value: '2' },
              ],
            },
          ],
          ...podSpec,
        },
      },
      ...change,
    },
  }
}
