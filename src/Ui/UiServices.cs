using System.Globalization;
using System.Reflection;
using Appliance.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Localization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Appliance.Ui;

/// <summary>The assemblies that hold pages beside Ui itself, for the router. Registered by the host as a singleton.</summary>
/// <param name="Assemblies">Console and the page assemblies of the modules that are switched on.</param>
public sealed record PageAssemblies(IReadOnlyList<Assembly> Assemblies);

/// <summary>Choices of the face that tests change.</summary>
public sealed class UiOptions
{
    /// <summary>Offers the pseudo-locale <c>qps</c>, by which a test finds texts that are no resource.</summary>
    public bool PseudoLocale { get; set; }
}

/// <summary>What the host calls to have a face.</summary>
public static class UiServices
{
    /// <summary>
    /// Registers the parts' services, the texts of <paramref name="textAssemblies"/> (Ui's own are added) and the languages.
    /// The host also registers <see cref="PageAssemblies"/>, calls <c>UseRequestLocalization()</c> and <see cref="UiEndpoints.MapUi"/>.
    /// </summary>
    public static IServiceCollection AddUi(this IServiceCollection services, IEnumerable<Assembly> textAssemblies, Action<UiOptions>? configure = null)
    {
        var options = new UiOptions();
        configure?.Invoke(options);
        services.AddSingleton(options);
        services.AddSingleton(new TextCatalog([typeof(UiServices).Assembly, .. textAssemblies]));
        services.AddSingleton<IText>(s => s.GetRequiredService<TextCatalog>());
        services.AddSingleton<Handover>();
        services.AddSingleton<PagePresence>();
        services.AddScoped<Toasts>();
        services.AddScoped<Dialogs>();
        services.AddScoped<BulkWatch>();
        services.AddScoped<ClientScript>();
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<RequestLocalizationOptions>(o =>
        {
            var cultures = Languages.All.Select(CultureInfo.GetCultureInfo).ToList();
            if (options.PseudoLocale)
                cultures.Add(CultureInfo.GetCultureInfo(TextCatalog.Pseudo));
            o.DefaultRequestCulture = new RequestCulture("en");
            o.SupportedCultures = cultures;
            o.SupportedUICultures = cultures;
            // The query string would reach the first page only, never the circuit: cookie, then the browser's wish.
            o.RequestCultureProviders = [new CookieRequestCultureProvider(), new AcceptLanguageHeaderRequestCultureProvider()];
        });
        return services;
    }
}
