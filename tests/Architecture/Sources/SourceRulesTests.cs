using System.Diagnostics;
using Appliance.Tests;
using Xunit;

namespace Appliance.Architecture.Sources;

public sealed class SourceRulesTests
{
    private static readonly string[] s_written = [".cs", ".razor", ".sql", ".css", ".js", ".cake", ".sh"];

    private static readonly string[] s_top =
        ["Appliance.sln", "build.cake", "build.sh", "Vagrantfile", "README.md", "LICENSE", "SECURITY.md", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "nuget.config"];

    [Fact]
    public void No_file_reaches_the_wall() => Faults.None(Product.Files(s_written).SelectMany(file => SourceRules.TooLong(file, Product.Read(file))));

    [Fact]
    public void Nothing_is_left_unfinished() => Faults.None(Product.Files(s_written).SelectMany(file => SourceRules.Unfinished(file, Product.Read(file))));

    [Fact]
    public void No_fault_is_swallowed() => Faults.None(Product.Files(".cs").SelectMany(file => SourceRules.Swallowed(file, Product.Read(file))));

    [Fact]
    public void No_page_overwrites_what_is_being_typed() => Faults.None(Product.Files(".razor").SelectMany(file => SourceRules.OverwritesTyping(file, Product.Read(file))));

    [Fact]
    public void Live_pages_are_handed_all_that_they_show() => Faults.None(Product.Files(".razor").SelectMany(file => SourceRules.Forgotten(file, Product.Read(file))));

    [Fact]
    public void Modules_bring_no_assets() => Faults.None(SourceRules.AssetsInModules(Product.Files("")));

    [Fact]
    public void Every_project_is_locked() => Faults.None(SourceRules.Unlocked([.. Product.Files(".csproj")], [.. Product.Files("packages.lock.json")]));

    [Fact]
    public void Top_level_is_what_the_house_names() => Faults.None(
        Directory.GetFiles(Checkout.Root).Select(Path.GetFileName).Where(name => !name!.StartsWith('.')).Except(s_top));

    [Fact]
    public async Task Formatter_would_change_nothing()
    {
        using var format = Process.Start(new ProcessStartInfo("dotnet", ["format", "whitespace", ".", "--folder", "--verify-no-changes", "--exclude", "artifacts", "var"])
        {
            WorkingDirectory = Checkout.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = format.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await format.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await format.WaitForExitAsync(TestContext.Current.CancellationToken);

        var places = (await output + error).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).GroupBy(line => line.Split('(')[0]).Select(file => $"{file.First()} ({file.Count()} places)");
        Assert.True(format.ExitCode == 0, $"./build.sh format puts this right:\n{string.Join('\n', places)}");
    }

    [Fact]
    public void Long_file_is_caught()
    {
        Assert.Empty(SourceRules.TooLong("a.cs", new string('\n', SourceRules.Wall)));
        Assert.Single(SourceRules.TooLong("a.cs", new string('\n', SourceRules.Wall + 1)));
    }

    [Fact]
    public void Unfinished_word_is_caught() => Assert.Single(SourceRules.Unfinished("a.cs", "// TO" + "DO later"));

    [Fact]
    public void Empty_catch_is_caught_and_a_deciding_one_passes()
    {
        Assert.Equal(["a.cs:1 catches and does nothing: decide, count or log"], SourceRules.Swallowed("a.cs", "class A { void M() { try { } catch (Exception) { /* quiet */ } } }"));
        Assert.Empty(SourceRules.Swallowed("a.cs", "class A { int M() { try { return 1; } catch (Exception) { return 0; } } }"));
    }

    [Fact]
    public void Field_that_overwrites_typing_is_caught()
    {
        Assert.Single(SourceRules.OverwritesTyping("a.razor", "<p>\n<input value=\"@_words\" @oninput=\"Find\" />"));
        Assert.Empty(SourceRules.OverwritesTyping("a.razor", "<input @bind:get=\"_words\" @bind:set=\"Find\" @bind:event=\"oninput\" />"));
    }

    [Fact]
    public void Field_that_the_live_page_lacks_is_caught()
    {
        const string page = "<LoadView Load=\"LoadAsync\" />\n@code {\n  private async Task<Outcome<Sheet>> LoadAsync(CancellationToken cancel)\n  {\n    if (x)\n      (_version, _from) = (sheet.Version, 1);\n    return sheet;\n  }\n}\n";
        Assert.Equal(2, SourceRules.Forgotten("a.razor", page).Count());
        Assert.Single(SourceRules.Forgotten("a.razor", "<Carried Name=\"v\" @bind-Value=\"_version\" />\n" + page));
    }

    [Fact]
    public void Asset_in_a_module_is_caught() => Assert.Equal(
        ["modules/Watch/Pages/wwwroot/a.css belongs into src/Ui", "modules/Watch/Pages/A.razor.css belongs into src/Ui"],
        SourceRules.AssetsInModules(["modules/Watch/Pages/wwwroot/a.css", "modules/Watch/Pages/A.razor.css", "src/Ui/wwwroot/a.css", "modules/Watch/Pages/A.razor"]));

    [Fact]
    public void Project_without_lock_is_caught() => Assert.Single(SourceRules.Unlocked(["src/A/A.csproj", "src/B/B.csproj"], ["src/A/packages.lock.json"]));
}
