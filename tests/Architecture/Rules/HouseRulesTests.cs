using Appliance.Analyzers;
using Microsoft.CodeAnalysis.Diagnostics;
using Xunit;

namespace Appliance.Architecture.Rules;

/// <summary>Each compiler rule of the house: what it must catch, and what it must leave alone.</summary>
public sealed class HouseRulesTests
{
    private const string Components = "using Microsoft.AspNetCore.Components; using Microsoft.AspNetCore.Components.Rendering; using Appliance.Contracts;\n";
    private const string Web = "using Microsoft.AspNetCore.Builder; using Microsoft.AspNetCore.Routing;\n";

    [Theory]
    [InlineData("""[Route("/x")] class Page : ComponentBase;""")]
    [InlineData("""[Route("/x"), PublicPage(" ")] class Page : ComponentBase;""")]
    public Task Page_without_permission_is_caught(string source) => CaughtAsync(new PageWithoutPermission(), "CIRT001", Components + source);

    [Fact]
    public async Task Page_that_Razor_generated_is_looked_into() =>
        Assert.Equal(["CIRT001"], await Planted.ReportsAsync(new PageWithoutPermission(), Components + """[Route("/x")] class Page : ComponentBase;""", "Pages/Page_razor.g.cs"));

    [Theory]
    [InlineData("""[Route("/x"), Permission("a.b.c")] class Page : ComponentBase;""")]
    [InlineData("""[Route("/x"), PublicPage("the alert level is public")] class Page : ComponentBase;""")]
    [InlineData("class Part : ComponentBase;")]
    public Task Page_that_says_who_may_see_it_passes(string source) => PassesAsync(new PageWithoutPermission(), Components + source);

    [Theory]
    [InlineData("""class A { void M(IEndpointRouteBuilder b) => b.MapGet("/x", () => "y"); }""")]
    [InlineData("""class A { void M(WebApplication b) => b.MapPost("/x", () => "y"); }""")]
    [InlineData("""class A { void M(WebApplication b) => EndpointRouteBuilderExtensions.MapMethods(b, "/x", new[] { "PUT" }, () => "y"); }""")]
    public Task Endpoint_past_the_contract_is_caught(string source) => CaughtAsync(new RawEndpoint(), "CIRT002", Web + source);

    [Fact]
    public async Task Endpoint_is_mapped_where_that_is_reviewed()
    {
        const string source = Web + """namespace N; class A { void M(WebApplication b) => b.MapGet("/x", () => "y"); }""";
        Assert.Empty(await Planted.ReportsAsync(new RawEndpoint(), source, reviewed: ("cirt_endpoint_mappers", "Other, N.A")));
        Assert.Equal(["CIRT002"], await Planted.ReportsAsync(new RawEndpoint(), source, reviewed: ("cirt_endpoint_mappers", "N.Another")));
    }

    [Theory]
    [InlineData("class A { object M(string s) => new MarkupString(s); }")]
    [InlineData("class A { object M(string s) => (MarkupString)s; }")]
    [InlineData("class A { void M(RenderTreeBuilder b, string s) => b.AddMarkupContent(0, s); }")]
    [InlineData("""class A { void M(RenderTreeBuilder b, string s) => b.AddMarkupContent(0, $"<b>{s}</b>"); }""")]
    public Task Value_as_markup_is_caught(string source) => CaughtAsync(new RawMarkup(), "CIRT003", Components + source);

    [Theory]
    [InlineData("""class A { void M(RenderTreeBuilder b) => b.AddMarkupContent(0, "<h1>constant</h1>"); }""")]
    [InlineData("class A { void M(RenderTreeBuilder b, string s) => b.AddContent(0, s); }")]
    public Task Constant_markup_and_text_pass(string source) => PassesAsync(new RawMarkup(), Components + source);

    [Theory]
    [InlineData("class A { object M() => DateTime.UtcNow; }")]
    [InlineData("class A { object M() => DateTimeOffset.Now; }")]
    [InlineData("class A { object M() => DateTime.Today; }")]
    public Task Clock_that_no_test_can_set_is_caught(string source) => CaughtAsync(new AmbientClock(), "CIRT004", source);

    [Fact]
    public Task Time_provider_passes() => PassesAsync(new AmbientClock(), "class A { object M(TimeProvider t) => t.GetUtcNow(); }");

    [Theory]
    [InlineData("class A { void M() => System.Threading.Thread.Sleep(1); }")]
    [InlineData("class A { int M(Task<int> t) => t.Result; }")]
    [InlineData("class A { int M(ValueTask<int> t) => t.Result; }")]
    [InlineData("class A { void M(Task t) => t.Wait(); }")]
    [InlineData("class A { void M(Task t) => t.GetAwaiter().GetResult(); }")]
    [InlineData("class A { int M(Task<int> t) => t.ConfigureAwait(false).GetAwaiter().GetResult(); }")]
    public Task Held_thread_is_caught(string source) => CaughtAsync(new BlockedThread(), "CIRT005", source);

    [Fact]
    public Task Await_passes() => PassesAsync(new BlockedThread(), "class A { async Task<int> M(Task<int> t) { await Task.Delay(1); return await t; } }");

    [Theory]
    [InlineData("CIRT006", "class A { object M() => new System.Net.Http.HttpClient(); }")]
    [InlineData("CIRT007", """class A { object M(string s) => System.Diagnostics.Process.Start("gpg", s); }""")]
    [InlineData("CIRT007", """class A { object M(string s) => new System.Diagnostics.ProcessStartInfo("gpg", s); }""")]
    [InlineData("CIRT007", """class A { object M(string s) => new System.Diagnostics.ProcessStartInfo("gpg") { Arguments = s }; }""")]
    [InlineData("CIRT007", """class A { object M() => new System.Diagnostics.ProcessStartInfo("x") { UseShellExecute = true }; }""")]
    public Task Way_around_the_doors_to_the_outside_is_caught(string id, string source) => CaughtAsync(new OutsideWorld(), id, source);

    [Theory]
    [InlineData("""class A { object M(string s) => System.Diagnostics.Process.Start("gpg", ["--recv", s]); }""")]
    [InlineData("""class A { object M() => new System.Diagnostics.ProcessStartInfo("x") { UseShellExecute = false }; }""")]
    public Task Program_with_a_list_of_arguments_passes(string source) => PassesAsync(new OutsideWorld(), source);

    [Theory]
    [InlineData("class A { object M(string s) => new System.Text.RegularExpressions.Regex(s); }")]
    [InlineData("""class A { object M(string s) => System.Text.RegularExpressions.Regex.IsMatch(s, "(a+)+$"); }""")]
    [InlineData("""partial class A { [System.Text.RegularExpressions.GeneratedRegex("(a+)+$")] private partial System.Text.RegularExpressions.Regex P(); private partial System.Text.RegularExpressions.Regex P() => null!; }""")]
    public Task Pattern_without_a_bound_is_caught(string source) => CaughtAsync(new UnboundedPattern(), "CIRT008", source);

    [Theory]
    [InlineData("class A { object M(string s) => new System.Text.RegularExpressions.Regex(s, System.Text.RegularExpressions.RegexOptions.NonBacktracking | System.Text.RegularExpressions.RegexOptions.IgnoreCase); }")]
    [InlineData("class A { object M(string s, TimeSpan t) => new System.Text.RegularExpressions.Regex(s, System.Text.RegularExpressions.RegexOptions.None, t); }")]
    [InlineData("""partial class A { [System.Text.RegularExpressions.GeneratedRegex("a", System.Text.RegularExpressions.RegexOptions.None, 100)] private partial System.Text.RegularExpressions.Regex P(); private partial System.Text.RegularExpressions.Regex P() => null!; }""")]
    [InlineData("""class A { object M(System.Text.RegularExpressions.Regex r, string s) => r.IsMatch(s); }""")]
    public Task Pattern_with_a_bound_passes(string source) => PassesAsync(new UnboundedPattern(), source);

    [Fact]
    public async Task Code_of_other_generators_is_left_alone() =>
        Assert.Empty(await Planted.ReportsAsync(new AmbientClock(), "class A { object M() => DateTime.UtcNow; }", "LoggerMessage.g.cs"));

    [Fact]
    public void Every_rule_stops_the_build() => Assert.All(
        typeof(HouseRule).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(HouseRule))).Select(type => (HouseRule)Activator.CreateInstance(type)!),
        rule => Assert.All(rule.SupportedDiagnostics, one => Assert.Equal(Microsoft.CodeAnalysis.DiagnosticSeverity.Error, one.DefaultSeverity)));

    private static async Task CaughtAsync(DiagnosticAnalyzer rule, string id, string source) => Assert.Equal([id], await Planted.ReportsAsync(rule, source));

    private static async Task PassesAsync(DiagnosticAnalyzer rule, string source) => Assert.Empty(await Planted.ReportsAsync(rule, source));
}
