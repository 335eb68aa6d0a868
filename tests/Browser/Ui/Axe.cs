using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The rules of WCAG 2.2, levels A and AA, that a machine can judge.</summary>
internal static class Axe
{
    private const string Judge =
        """
        async (only) => {
          const how = only ? { runOnly: { type: 'rule', values: only } } : { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'] } };
          const found = await axe.run(document, { resultTypes: ['violations'], ...how });
          return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} | ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? rule.help}`));
        }
        """;

    private static readonly Lazy<string> s_rules = new(() =>
    {
        var file = Checkout.At("tests", "Browser", "node_modules", "axe-core", "axe.min.js");
        Assert.True(File.Exists(file), $"{file} is missing: ./build.sh test fetches it, or run npm ci in tests/Browser");
        return File.ReadAllText(file);
    });

    /// <summary>What breaks a rule on the page as it stands; of all rules, or only those named.</summary>
    public static async Task<IReadOnlyList<string>> BrokenAsync(IPage page, params string[] only)
    {
        // Evaluated by the debugger: the content policy, which refuses foreign scripts, stays as it is. A page that is still there knows the rules already.
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window"))
            await page.EvaluateAsync(s_rules.Value + "\n;undefined");
        return await page.EvaluateAsync<string[]>(Judge, only.Length == 0 ? null : only);
    }
}
