import '@fontsource-variable/inter/wght.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/stage.css';
import './styles/panels.css';
import './styles/gallery.css';
import './styles/hud.css';
import './styles/video.css';
import { App } from './app.ts';
import { setFavicon } from './logo.ts';

const root = document.getElementById('app');
if (!root) throw new Error('The page has no #app element.');
setFavicon();
void new App(root).start();
