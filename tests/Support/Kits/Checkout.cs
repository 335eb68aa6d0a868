namespace Appliance.Tests;

/// <summary>Where the checkout lies, and what the build put into it.</summary>
public static class Checkout
{
    /// <summary>The directory that holds Appliance.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>Pictures, traces and logs of failed tests.</summary>
    public static string Artifacts => Directory.CreateDirectory(Path.Combine(Root, "artifacts", "test")).FullName;

    /// <summary>A file of the checkout.</summary>
    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The program <c>cirt</c> of the same configuration as the running tests.</summary>
    public static string Cirt { get; } = FindCirt();

    private static string Find()
    {
        for (var place = AppContext.BaseDirectory; place is not null; place = Path.GetDirectoryName(place))
        {
            if (File.Exists(Path.Combine(place, "Appliance.sln")))
                return place;
        }

        throw new InvalidOperationException($"no Appliance.sln above {AppContext.BaseDirectory}: run the tests from a checkout");
    }

    private static string FindCirt()
    {
        // …/bin/<configuration>/net10.0/ : the tests and the host are built alike.
        var framework = AppContext.BaseDirectory.TrimEnd('/');
        var configuration = Path.GetFileName(Path.GetDirectoryName(framework)!);
        return Path.Combine(Root, "src", "Host", "bin", configuration, Path.GetFileName(framework), "cirt");
    }
}
