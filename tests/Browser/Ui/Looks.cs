using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What a machine can see of a page's looks: nothing pushes the page into width, and no word is cut off.</summary>
internal static class Looks
{
    private const string Wrong =
        """
        () => {
          const found = [];
          const wide = document.documentElement.scrollWidth - innerWidth;
          if (wide > 0) {
            // Sideways out of the window, and of no box that scrolls or cuts; in Arabic to the left.
            const out = [...document.querySelectorAll('body *')].filter((e) => { if (!e.checkVisibility({ checkVisibilityCSS: true })) return false; const at = e.getBoundingClientRect(); return at.right > innerWidth + 1 || at.left < -1; });
            const free = (e) => { for (let up = e.parentElement; up && up !== document.body; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return false; return true; };
            const culprit = out.find((e) => free(e)) ?? out[0];
            found.push(`${wide} px wider than the window: ${culprit?.tagName} ${culprit?.className} ${culprit?.textContent.trim().slice(0, 30)}`);
          }
          // Words of ours in boxes of their own that hide what does not fit. Names from outside may be cut: their page shows them whole.
          for (const box of document.querySelectorAll('button, summary, a.button, label, th, h2, h3, dt, .badge, .state-title, .number-label, .legend span, .tabs a, .rail-text')) {
            if (!box.checkVisibility({ checkVisibilityCSS: true }) || box.closest('.sr-only, .clip, bdi') || box.matches('.sr-only')) continue;
            const style = getComputedStyle(box);
            const hides = (axis) => ['hidden', 'clip'].includes(style[axis]);
            if ((hides('overflowX') && box.scrollWidth > box.clientWidth + 1) || (hides('overflowY') && box.scrollHeight > box.clientHeight + 2))
              found.push(`cut: ${box.tagName} ${box.className} ${box.textContent.trim().slice(0, 40)}`);
          }
          for (const box of document.querySelectorAll('.button, .tabs a, .badge, .number')) {
            if (!box.checkVisibility({ checkVisibilityCSS: true })) continue;
            const outer = box.getBoundingClientRect();
            for (const inner of box.children) {
              const rect = inner.getBoundingClientRect();
              if (rect.width > 0 && !inner.matches('.sr-only') && (rect.left < outer.left - 2 || rect.right > outer.right + 2)) found.push(`juts out: ${box.className} ${box.textContent.trim().slice(0, 40)}`);
            }
          }
          return found;
        }
        """;

    /// <summary>The widths at which every page must stand; 640 is a 1280 window at 200 %.</summary>
    public static int[] Widths { get; } = [360, 900, 1280, 1920];

    /// <summary>A window of 1280 at a zoom of 200 %.</summary>
    public const int Zoomed = 640;

    /// <summary>What is wrong with the page as it stands.</summary>
    public static Task<string[]> WrongAsync(IPage page) => page.EvaluateAsync<string[]>(Wrong);
}
