import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { listenForKeys } from '../../../deploy/demo/keys.ts'

describe('demo: keys after the tour', () => {
  const start = () => {
    const keyboard = Object.assign(new EventEmitter(), {
      raw: false,
      setRawMode(raw: boolean) {
        this.raw = raw
      },
      resume: () => undefined,
      pause: () => undefined,
    })
    const pressed: string[] = []
    const stop = listenForKeys(keyboard, {
      digit: (number) => pressed.push(String(number)),
      quit: () => pressed.push('quit'),
    })
    return { keyboard, pressed, stop, press: (text: string) => keyboard.emit('data', Buffer.from(text)) }
  }

  it('takes digits, q and Ctrl-C, and nothing else', () => {
    const { pressed, press } = start()
    press('2')
    press('x\r0é13')
    press('\u001b[A')
    press('q')
    press('\u0003')
    assert.deepEqual(pressed, ['2', '1', '3', 'quit', 'quit'])
  })

  it('gives the keyboard back as it was', () => {
    const { keyboard, pressed, press, stop } = start()
    assert.equal(keyboard.raw, true)
    stop()
    press('q')
    assert.equal(keyboard.raw, false)
    assert.deepEqual(pressed, [])
  })
})
