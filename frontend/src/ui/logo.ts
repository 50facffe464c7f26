/** The logo: paths that start at one point and fan out. */
const NAMESPACE = 'http://www.w3.org/2000/svg';

const PATHS = ['M5 25C12 24 18 16 26 5', 'M5 25c9-1 15-7 22-13', 'M5 25c9 0 16-3 23-5.5', 'M5 25c8 1 15 1.5 22.5 2.5'];
const LOGO_COLOURS = ['#ff8470', '#ffc65c', '#66dfae', '#5cc8ff'];

function markup(): string {
  const paths = PATHS.map((d, i) => `<path d="${d}" stroke="${LOGO_COLOURS[i]}"/>`).join('');
  return `<svg xmlns="${NAMESPACE}" viewBox="0 0 32 32" fill="none" stroke-width="2.6" stroke-linecap="round">${paths}<circle cx="5" cy="25" r="2.7" fill="#f4f2fa"/></svg>`;
}

/** Return the logo as an SVG element. */
export function logo(): Element {
  const svg = new DOMParser().parseFromString(markup(), 'image/svg+xml').documentElement;
  svg.setAttribute('class', 'logo');
  svg.setAttribute('aria-hidden', 'true');
  return svg;
}

/** Show the logo in the browser's tab. */
export function setFavicon(): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]') ?? document.createElement('link');
  link.rel = 'icon';
  link.type = 'image/svg+xml';
  link.href = `data:image/svg+xml,${encodeURIComponent(markup())}`;
  document.head.append(link);
}
