using System.Diagnostics;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Print;
using Appliance.Tests;
using Appliance.Ui;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Appliance.Integration.Printing;

/// <summary>What comes to the printing program and is no document is answered by a sentence; and the page in the browser draws every block that the PDF draws.</summary>
public sealed class PrintInputTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Empty_object_is_told_what_it_lacks()
    {
        using var program = Process.Start(new ProcessStartInfo(Checkout.Cirt, ["print"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await program.StandardInput.WriteAsync("{}");
        program.StandardInput.Close();
        var said = await program.StandardError.ReadToEndAsync(Cancel);
        await program.WaitForExitAsync(Cancel);
        Assert.Equal(65, program.ExitCode);
        Assert.Contains("the document cannot be printed: it lacks title, language, label, maker, footer, pageOf, madeAt, blocks", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[]", "no document")]
    [InlineData("null", "no document")]
    [InlineData("{\"title\":", "no JSON")]
    [InlineData("{\"title\":null}", "it lacks title")]
    [InlineData(Whole + "7}", "$.blocks")]
    [InlineData(Whole + "[{\"kind\":\"heading\"}]}", "$.blocks[0]")]
    [InlineData(Whole + "[{\"kind\":\"picture\"}]}", "blocks")]
    [InlineData(Whole + "[{}]}", "kind")]
    public void What_is_wrong_is_said_without_the_name_of_a_class(string json, string said)
    {
        var fault = Assert.Throws<InvalidDataException>(() => PrintVerb.Read(Encoding.UTF8.GetBytes(json)));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Appliance", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Page_draws_the_bars_of_a_document(string language)
    {
        var html = await DrawAsync(Document(language, new PrintBars("Opened", "16 Nov", "18 Nov", [new("Incidents", [1, 0, 2]), new("Reports", [3, 4, 0])])));
        Assert.Contains("Opened", html, StringComparison.Ordinal);
        Assert.Contains("Incidents: 3", html, StringComparison.Ordinal);
        Assert.Contains("Reports: 7", html, StringComparison.Ordinal);
        // Four values that are not null, and the two shades of the legend.
        Assert.Equal(6, html.Split("<rect").Length - 1);
        Assert.Equal(language == "ar", html.Contains("scale(-1 1)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_refuses_a_block_that_it_cannot_draw()
    {
        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => DrawAsync(Document("en", new Unheard())));
        Assert.Contains("Unheard", fault.Message, StringComparison.Ordinal);
    }

    private const string Whole = "{\"title\":{\"text\":\"t\",\"foreign\":false},\"language\":\"en\",\"label\":\"TLP:CLEAR\",\"maker\":{\"text\":\"m\",\"foreign\":false},\"footer\":{\"text\":\"f\",\"foreign\":false},\"pageOf\":\"{0}/{1}\",\"madeAt\":\"2026-11-23T00:00:00Z\",\"blocks\":";

    private static PrintDocument Document(string language, PrintBlock block) =>
        new(PrintWords.Ours("Title"), language, "TLP:CLEAR", PrintWords.Ours("Maker"), PrintWords.Ours("Footer"), "{0}/{1}", DateTimeOffset.UnixEpoch, [block]);

    private static async Task<string> DrawAsync(PrintDocument document)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IText>(new TestText()).BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<PrintSheet>(ParameterView.FromDictionary(new Dictionary<string, object?> { ["Document"] = document }))).ToHtmlString());
    }

    private sealed record Unheard : PrintBlock;
}
