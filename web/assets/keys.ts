// Keys: "/" goes to the filter, 1 to 5 choose the range, t changes the theme, g and a letter lead to a page.
const pages: Record<string, number> = { o: 0, r: 1, c: 2, h: 3, t: 4, l: 5 }

export function bindKeys(): void {
  let go = 0
  document.addEventListener('keydown', (e) => {
    const at = e.target as HTMLElement
    if (e.ctrlKey || e.metaKey || e.altKey || at.matches('input, select, textarea')) return
    const click = (el: Element | null | undefined) => { if (el) { e.preventDefault(); (el as HTMLElement).click() } }
    if (Date.now() - go < 1500 && e.key in pages) {
      click(document.querySelectorAll('.bar nav a')[pages[e.key]])
      go = 0
      return
    }
    go = e.key === 'g' ? Date.now() : 0
    if (e.key === '/') {
      e.preventDefault()
      document.querySelector<HTMLElement>('.controls input[type=search]')?.focus()
    }
    if (e.key >= '1' && e.key <= '5') click(document.querySelectorAll('.controls .segments a')[Number(e.key) - 1])
    if (e.key === 't') click(document.querySelector('.theme'))
  })
}
