import type { Forge } from './types.ts'

/** A comment of ours. */
export interface OwnComment {
  readonly id: number
  readonly body: string
}

/** What a forge has to know to keep one comment of ours. */
export interface Commenting {
  /** Our first comment with this marker; undefined where there is none. */
  find(number: number, marker: string): Promise<OwnComment | undefined>
  /** Edits it, or makes one. */
  write(number: number, body: string, ours: OwnComment | undefined): Promise<void>
}

/** Keeps one comment with a marker on a pull request. */
export function commenting({ find, write }: Commenting): Pick<Forge, 'comment' | 'amendComment'> {
  return {
    async comment(number, marker, text) {
      const ours = await find(number, marker)
      const body = `${marker}\n${text}`
      if (ours?.body !== body) await write(number, body, ours)
    },
    async amendComment(number, marker, amend) {
      const ours = await find(number, marker)
      const text = ours && amend(ours.body.replace(marker, '').replace(/^\r?\n/, ''))
      if (ours && text !== undefined) await write(number, `${marker}\n${text}`, ours)
    },
  }
}
