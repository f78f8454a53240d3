import type { Forge } from '../../../reconciler/forge/types.ts'

/** A forge with one repository `acme/fleet` in it, as people and other programs use it beside ours. */
export interface ForgeWorld {
  /** Our adapter, with a token of the least rights that the documentation asks for. */
  readonly forge: Forge
  /** How our adapter's user is named in comments. */
  readonly us: string
  /** Makes a commit on the source branch and gives its id. */
  commit(): Promise<string>
  /** Opens a pull request against `main`, or `base`, from a branch with a commit of its own. */
  open(options?: { readonly fork?: boolean; readonly base?: string }): Promise<{
    readonly number: number
    readonly commit: string
    readonly branch: string
  }>
  /** Makes a branch with a commit of its own. */
  branch(name: string): Promise<string>
  label(number: number, label: string): Promise<void>
  /** Closes a pull request without merging it. */
  close(number: number): Promise<void>
  /** Somebody else comments. */
  say(number: number, text: string): Promise<void>
  /** The texts of all comments on a pull request, oldest first. */
  comments(number: number): Promise<readonly string[]>
  /** The id of what a ref is at, as Git gives it. */
  refAt(ref: string): Promise<string>
  /** What our adapter says with a token that nobody knows. */
  stranger(): Forge
  /** Opens our adapter anew, which then has written nothing yet; left out where it counts nothing. */
  renew?(): Promise<void>
  stop(): Promise<void>
}
