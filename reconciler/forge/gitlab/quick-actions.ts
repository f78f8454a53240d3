/**
 * A text in which GitLab finds no command: it acts upon a line such as `/merge` in what we write, with our rights, and a plan
 * shows content of others.
 */
export function withoutQuickActions(text: string): string {
  return text.replaceAll(/^([^\S\r\n]*)\/(?=[a-z])/gim, '$1\u200b/')
}
