import { createTwoFilesPatch } from 'diff'

/** A file before and after a change; undefined where it is not there. */
export interface ChangedFile {
  readonly path: string
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
}

/** Changed files as `git diff` shows them, so that `git apply` takes it; bytes that are no text are only named. */
export function patchText(files: readonly ChangedFile[]): string {
  return files
    .map(({ path, before, after }) => {
      const head = `diff --git a/${path} b/${path}\n`
      const mode =
        before === undefined ? 'new file mode 100644\n' : after === undefined ? 'deleted file mode 100644\n' : ''
      const [old, now] = [textOf(before), textOf(after)]
      if (old === undefined || now === undefined) return `${head}${mode}Binary files differ\n`
      const names = [before ? `a/${path}` : '/dev/null', after ? `b/${path}` : '/dev/null'] as const
      const patch = createTwoFilesPatch(...names, old, now, undefined, undefined, { context: 3 })
      return `${head}${mode}${patch.replace(/^=+\n/, '').replace(/^(---|\+\+\+) (.*)\t$/gm, '$1 $2')}`
    })
    .join('')
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  const text = Buffer.from(bytes ?? []).toString('utf8')
  return text.includes('\0') || text.includes('\ufffd') ? undefined : text
}
