import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { type ForgeAddress, isAtHome, placesOf } from './address.ts'
import { ForgeError, failedAs } from './error.ts'
import { createGitea } from './gitea/forge.ts'
import { createGithub, type GithubAuth } from './github/forge.ts'
import { createGitlab } from './gitlab/forge.ts'
import { createForgeHttp } from './http.ts'
import type { Place, Surroundings } from './place.ts'
import type { Forge } from './types.ts'

/** The daemon's settings of its forge. */
export interface ForgeSettings extends ForgeAddress {
  /** The source branch. */
  readonly branch: string
  /** A credential for the forge itself; undefined where there is only that of the Git server. */
  readonly auth: GithubAuth | undefined
  /** The token of the Git server, which goes to no other host. */
  readonly gitToken: string | undefined
  /** PEM of the authority of the Git server, trusted on its host instead of the machine's own. */
  readonly ca?: string | undefined
}

/**
 * Opens the forge on which the repository is; undefined where the Git server is none that is known, or there is no credential
 * for it and none was asked for. Rejects with a `ForgeError` where that cannot be said now, as when it cannot be reached, and
 * with another error where the settings cannot work. Sends the credential to the host of the settings alone.
 */
export async function openForge(settings: ForgeSettings, clock: Clock): Promise<Forge | undefined> {
  const { kind, repo, branch } = settings
  const places = placesOf(settings)
  if (places.length === 0 && kind !== undefined)
    throw new Error(`--repo ${repo.href}: ${kind} has repositories at .../OWNER/NAME`)
  const able = places.filter((place) => authFor(place, settings) !== undefined)
  if (able.length === 0) {
    if (kind === undefined && settings.url === undefined) return undefined
    throw new Error(
      'there is no token for the forge: set FLOTILLA_FORGE_TOKEN; that of the Git server goes to no other host',
    )
  }
  const isSure = able.length === 1 && (kind !== undefined || able[0]?.kind === 'github' || isWellKnown(able[0]))
  const place = isSure ? able[0] : await find(able, settings, clock)
  if (!place) {
    if (kind === undefined && settings.url === undefined) return undefined
    throw new Error(`there is no ${kind ?? 'forge that is known'} at ${able.map(({ web }) => web).join(' or ')}`)
  }
  const auth = authFor(place, settings)
  const surroundings = surroundingsOf(place, settings, clock)
  if (place.kind === 'github' && auth) return createGithub(place, auth, surroundings)
  if (auth?.type !== 'token') throw new Error('a GitHub App has no rights on another forge: set FLOTILLA_FORGE_TOKEN')
  return place.kind === 'gitea'
    ? createGitea(place, auth.token, surroundings)
    : createGitlab(place, auth.token, branch, surroundings)
}

function authFor(place: Place, { auth, gitToken, repo }: ForgeSettings): GithubAuth | undefined {
  if (auth) return auth
  return gitToken !== undefined && isAtHome(place, repo) ? { type: 'token', token: gitToken } : undefined
}

function surroundingsOf(place: Place, { ca, repo }: ForgeSettings, clock: Clock): Surroundings {
  return { ca: isAtHome(place, repo) ? ca : undefined, clock }
}

function isWellKnown(place: Place | undefined): boolean {
  return place?.web === 'https://gitlab.com'
}

const versionAnswer = z.object({ version: z.string() })

/** Asks one place after the other what it is; the first that answers as its forge does is taken. */
async function find(places: readonly Place[], settings: ForgeSettings, clock: Clock): Promise<Place | undefined> {
  let refusal: ForgeError | undefined
  for (const place of places) {
    const auth = authFor(place, settings)
    const token = auth?.type === 'token' ? auth.token : ''
    const headers = async () => ({ authorization: place.kind === 'gitea' ? `token ${token}` : `Bearer ${token}` })
    const http = createForgeHttp({ api: place.api, headers }, surroundingsOf(place, settings, clock), {
      sizeParameter: 'limit',
      size: 1,
    })
    try {
      if (versionAnswer.safeParse((await http.send('GET', '/version')).json).success) return place
    } catch (error) {
      if (failedAs(error, 'unauthorized')) refusal ??= error
      else if (!isNoForge(error)) throw error
    } finally {
      await http.close()
    }
  }
  if (refusal) throw refusal
  return undefined
}

/** Whether something answered that is another server than the one that was looked for. */
function isNoForge(error: unknown): boolean {
  if (!(error instanceof ForgeError)) return false
  const { type } = error.failure
  return type === 'missing' || type === 'refused' || error.cause instanceof SyntaxError
}
