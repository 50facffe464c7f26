/** Entry point of `/study` and `/study/results`. */
import '@fontsource-variable/inter/wght.css';
import '../styles/base.css';
import '../styles/layout.css';
import '../styles/panels.css';
import '../styles/controls.css';
import '../styles/clips.css';
import '../styles/study.css';
import { h } from '../ui/dom.ts';
import { logo, setFavicon } from '../ui/logo.ts';
import { StudyResultsView } from './results-view.ts';
import { Study } from './study.ts';

const root = document.getElementById('app');
if (!root) throw new Error('The page has no #app element.');
setFavicon();
const showsResults = location.pathname.endsWith('/results');
const view = showsResults ? new StudyResultsView() : new Study();
// The results could influence those who have not voted yet: only the thanks link to them.
const link = showsResults ? h('a', { href: '/study' }, 'Take part') : '';
const brand = h('a', { class: 'brand', href: '/' }, logo(), h('h1', {}, 'MotionFan'));
root.append(h('header', { class: 'top' }, brand, h('p', { class: 'tagline' }, 'Perceptual study'), link), view.element);
void view.start();
